package server_test

import (
	"bytes"
	"testing"

	"github.com/procore/terraform-provider-procore/server/store/storetest"
)

func TestServerForgetsKeptAnswersWhoseTimeHasPassedByItself(t *testing.T) {
	t.Parallel()
	database := fresh(t)
	initialize(t, database)
	execute(t, database, "INSERT INTO kept_answers VALUES (?, ?, ?, 1), (?, ?, ?, 9000000000000000)",
		[]byte{1}, []byte{0}, []byte{0}, []byte{2}, []byte{0}, []byte{0})
	p := serve(t, database, nil)
	defer p.stop()
	db := storetest.Open(t, database)
	comesTrue(t, "the expired answer being forgotten", func() bool {
		var count int
		var left []byte
		err := db.QueryRowContext(t.Context(), "SELECT (SELECT count(*) FROM kept_answers), id FROM kept_answers ORDER BY id DESC LIMIT 1").Scan(&count, &left)
		return err == nil && count == 1 && bytes.Equal(left, []byte{2})
	})
}
