package server_test

import (
	"database/sql"
	"testing"
)

func TestServerForgetsKeptAnswersWhoseTimeHasPassedByItself(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	execute(t, database, "INSERT INTO kept_answers VALUES (x'01', x'00', x'00', 1), (x'02', x'00', x'00', 9000000000000000)")
	p := serve(t, database, nil)
	defer p.stop()
	db, err := sql.Open("sqlite", "file:"+database+"?mode=ro") // sees the log, too
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	comesTrue(t, "the expired answer being forgotten", func() bool {
		var left string
		err := db.QueryRowContext(t.Context(), "SELECT group_concat(hex(id)) FROM kept_answers").Scan(&left)
		return err == nil && left == "02"
	})
}
