package server

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"

	"github.com/procore/terraform-provider-procore/server/store"
)

// newLogger returns the server's logger, whose lines carry the id of the request that they belong to.
func newLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log level: %w", err)
	}
	options := &slog.HandlerOptions{Level: least}
	if format == "json" {
		return slog.New(requestIDHandler{slog.NewJSONHandler(w, options)}), nil
	}
	return slog.New(requestIDHandler{slog.NewTextHandler(w, options)}), nil
}

// requestIDHandler adds the id of the request in whose context a line is written.
type requestIDHandler struct{ slog.Handler }

// Handle adds the id and hands the line on (slog.Handler).
func (h requestIDHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := store.ActorFrom(ctx).RequestID; id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs keeps the wrapping (slog.Handler).
func (h requestIDHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requestIDHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the wrapping (slog.Handler).
func (h requestIDHandler) WithGroup(name string) slog.Handler {
	return requestIDHandler{h.Handler.WithGroup(name)}
}

// errorLog is where net/http writes of broken connections: they are the clients' business, so a debug line will do.
func errorLog(logger *slog.Logger) *log.Logger {
	return slog.NewLogLogger(logger.Handler(), slog.LevelDebug)
}
