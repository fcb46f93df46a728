package postgres

// FilledTables lets the tests from outside see what is moved.
var FilledTables = filledTables
