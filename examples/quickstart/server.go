package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// server is a running management API.
type server struct {
	url  string
	stop context.CancelFunc
	done chan struct{} // closed when the process has ended
	err  error         // how it ended; valid once done is closed
}

// startServer starts the API on a free port and waits until it says that it listens.
func (s *story) startServer(ctx context.Context) error {
	args := []string{"serve", "--database", "procore.db", "--listen", "127.0.0.1:0", "--log-format", "json"}
	s.command(append([]string{programName}, args...)...)

	log, err := os.OpenFile(s.folder.path("server.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}

	ctx, stop := context.WithCancel(ctx)
	program := newCommand(ctx, s.folder.path(), s.folder.path("bin", programName), args...)
	stderr, err := program.StderrPipe()
	if err == nil {
		err = program.Start()
	}
	if err != nil {
		stop()
		return errors.Join(fmt.Errorf("cannot start %s: %w", programName, err), log.Close())
	}

	s.server = &server{stop: stop, done: make(chan struct{})}
	listening := make(chan string, 1)
	go func() {
		defer close(s.server.done)
		keepLog(stderr, log, listening)
		s.server.err = errors.Join(program.Wait(), log.Close())
	}()

	select {
	case s.server.url = <-listening:
	case <-s.server.done:
		said, err := os.ReadFile(log.Name())
		return commandError(program, errors.Join(errors.New("ended before it listened"), s.server.err, err), string(said))
	case <-time.After(patience):
		return fmt.Errorf("the API did not say within %s that it listens; see %s/server.log", patience, folderName)
	}

	s.admin.BaseURL = s.server.url
	s.say("It listens on %s, and logs to %s/server.log.", s.server.url, folderName)

	return nil
}

// keepLog copies the server's log to a file until the log ends, and sends the address that the server says it listens on.
func keepLog(stderr io.Reader, file io.Writer, listening chan<- string) {
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		fmt.Fprintln(file, lines.Text())

		var line struct {
			Message string `json:"msg"`
			URL     string `json:"url"`
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Message == "listening" && line.URL != "" {
			listening <- line.URL
		}
	}
	// A line too long for the scanner ends the loop; the server must still not block on a full pipe.
	_, _ = io.Copy(file, stderr)
}

// stopServer stops the API as an operator would, and expects that it ends well.
func (s *story) stopServer(context.Context) error {
	s.killServer()

	// A process that ends with status 0 after its context has ended counts as canceled; any other end has an error of its own.
	if err := s.server.err; err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("after SIGTERM the API did not end with status 0: %w; see %s/server.log", err, folderName)
	}
	s.say("It got SIGTERM, finished what it was doing, and exited with status 0.")

	return nil
}

// killServer sends the API the signal to end, and makes sure that it has ended.
func (s *story) killServer() {
	if s.server != nil {
		s.server.stop()
		<-s.server.done
	}
}
