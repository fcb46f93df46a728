package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"time"
)

// Raw writes a request as it goes over the wire. Headers are whole lines, each with its CRLF.
func Raw(method, path, headers, body string) []byte {
	return []byte(method + " " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

// connection is one that is kept for the next request, without the cost of net/http's client.
type connection struct {
	address  string
	patience time.Duration
	conn     net.Conn
	reader   *bufio.Reader
}

func (c *connection) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// ask sends a request and reads its answer. It returns the status and how many bytes came.
func (c *connection) ask(ctx context.Context, request []byte) (status int, received int64, err error) {
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	if err := c.open(ctx); err != nil {
		return 0, 0, err
	}
	if err := c.conn.SetDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, 0, err
	}
	if _, err = c.conn.Write(request); err != nil {
		return 0, 0, err
	}
	status, length, received, err := c.readHead()
	if err != nil {
		return 0, received, err
	}
	discarded, err := c.reader.Discard(length)
	return status, received + int64(discarded), err
}

func (c *connection) open(ctx context.Context) (err error) {
	if c.conn != nil {
		return nil
	}
	dialer := net.Dialer{Timeout: c.patience}
	if c.conn, err = dialer.DialContext(ctx, "tcp", c.address); err != nil {
		return err
	}
	if tcp, ok := c.conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // so many closed ones would use up the ports
	}
	c.reader = bufio.NewReaderSize(c.conn, 4096)
	return nil
}

var lengthHeader = []byte("Content-Length: ")

// readHead reads the lines up to the body. Only answers that tell their length are understood.
func (c *connection) readHead() (status, length int, received int64, err error) {
	line, err := c.reader.ReadSlice('\n')
	received = int64(len(line))
	if err != nil {
		return 0, 0, received, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return 0, 0, received, fmt.Errorf("%q is no status line", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, received, err
	}
	for {
		line, err = c.reader.ReadSlice('\n')
		received += int64(len(line))
		if err != nil || len(line) == 2 {
			return status, length, received, err
		}
		if value, found := bytes.CutPrefix(line, lengthHeader); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, 0, received, err
			}
		}
		if bytes.HasPrefix(line, []byte("Transfer-Encoding:")) {
			return 0, 0, received, fmt.Errorf("an answer without a length: %s", bytes.TrimSpace(line))
		}
	}
}
