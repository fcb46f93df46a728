package server

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"

	"github.com/procore/terraform-provider-procore/server/store"
)

// requestLine is the message of the line that each request has. It may be written a moment later than others are.
const requestLine = "request"

// newLogger returns the server's logger, whose lines carry the id of the request that they belong to. Call flush before
// the process ends.
func newLogger(w io.Writer, format, level string) (logger *slog.Logger, flush func(), err error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, nil, fmt.Errorf("log level: %w", err)
	}
	late, options := newLateLog(w), &slog.HandlerOptions{Level: least}
	var handler slog.Handler = slog.NewTextHandler(late, options)
	if format == "json" {
		handler = slog.NewJSONHandler(late, options)
	}
	return slog.New(requestHandler{handler, late}), late.flush, nil
}

// requestHandler adds the id of the request in whose context a line is written. Lines of requests may be late; any other,
// such as an error, is on its way when Handle returns.
type requestHandler struct {
	slog.Handler
	late *lateLog
}

// Handle adds the id and hands the line on (slog.Handler).
func (h requestHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := store.ActorFrom(ctx).RequestID; id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	err := h.Handler.Handle(ctx, record)
	if record.Message != requestLine {
		h.late.flush()
	}
	return err
}

// WithAttrs keeps the wrapping (slog.Handler).
func (h requestHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestHandler{h.Handler.WithAttrs(attrs), h.late}
}

// WithGroup keeps the wrapping (slog.Handler).
func (h requestHandler) WithGroup(name string) slog.Handler {
	return requestHandler{h.Handler.WithGroup(name), h.late}
}

// errorLog is where net/http writes of broken connections: they are the clients' business, so a debug line will do.
func errorLog(logger *slog.Logger) *log.Logger {
	return slog.NewLogLogger(logger.Handler(), slog.LevelDebug)
}
