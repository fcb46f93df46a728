package servertest

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Raw sends a request as it would come over a socket, so that what a fuzzer makes up goes through net/http's own reading of it,
// and what that refuses gets its 400 (see [Unread]). Headers are names and values in turn. An answer of 500 and above fails the test.
func (s *Server) Raw(t testing.TB, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	var text strings.Builder
	text.WriteString(method + " " + target + " HTTP/1.1\r\nHost: raw\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n")
	for header := range slices.Chunk(headers, 2) {
		text.WriteString(header[0] + ": " + header[1] + "\r\n")
	}
	text.WriteString("\r\n" + body)
	request, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text.String())))
	recorder := httptest.NewRecorder()
	if err != nil {
		recorder.Header().Set("Connection", "close")
		recorder.WriteHeader(http.StatusBadRequest)
		return recorder
	}
	s.Handler.ServeHTTP(recorder, request.WithContext(t.Context()))
	if recorder.Code >= http.StatusInternalServerError {
		t.Errorf("%s %q answered %d: %s", method, target, recorder.Code, recorder.Body)
	}
	return recorder
}

// Unread reports whether an answer to [Server.Raw] is net/http's own, to what it could not read as a request: the server never saw it.
func Unread(answer *httptest.ResponseRecorder) bool {
	return answer.Code == http.StatusBadRequest && answer.Header().Get("Connection") == "close"
}

// RawUnlessDone is Raw for a request that must leave everything as it is when it is refused: it fails the test when the answer is a
// refusal and something was committed all the same.
func (s *Server) RawUnlessDone(t testing.TB, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	before := s.Commits(t)
	answer := s.Raw(t, method, target, body, headers...)
	if answer.Code < http.StatusBadRequest || s.Commits(t) == before {
		return answer
	}
	// What was committed may be what an earlier request left to be written behind: once more, to see what it is.
	contents := s.Contents(t)
	if answer = s.Raw(t, method, target, body, headers...); answer.Code >= http.StatusBadRequest && s.Contents(t) != contents {
		t.Errorf("%s %q answered %d, and changed something: %s", method, target, answer.Code, answer.Body)
	}
	return answer
}
