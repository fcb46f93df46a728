// Package modeltest plays random sequences of requests from several callers against the real management API, and against a
// model of it that keeps everything in a few maps. Every answer is compared with the model's: status, body, error code and
// reason, ETag, order and headers of lists, audit events, tokens.
//
// The model was written from what the API promises, not from the server's code, and imports none of it: where the two
// differ, one of them is wrong. The package has tests only; TestMain says how to run them for longer.
package modeltest
