package cli

import (
	"io"
	"log/slog"
)

// newLogger writes what the libraries log as this command says it.
func newLogger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
		if err, ok := attr.Value.Any().(error); ok {
			attr.Value = slog.StringValue(InOurWords(err.Error(), err))
		} else if attr.Value.Kind() == slog.KindString && attr.Key != slog.MessageKey {
			attr.Value = slog.StringValue(InOurWords(attr.Value.String(), nil))
		}
		return attr
	}}))
}
