package cli

import (
	"log/slog"

	"github.com/helium-rpc/helium/cmd/helium/internal/terminal"
)

// newLogger writes what the libraries log as this command says it, to standard error: a line of
// text for people, and of JSON for programs.
func newLogger(o *Output, level slog.Level) *slog.Logger { return loggerSaying(InOurWords, o, level) }

// loggerSaying is newLogger with what makes our words of a text and the error that it is of, if it is.
func loggerSaying(words func(text string, err error) string, o *Output, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
		if err, ok := attr.Value.Any().(error); ok {
			attr.Value = slog.StringValue(words(err.Error(), err))
		} else if attr.Value.Kind() == slog.KindString {
			attr.Value = slog.StringValue(words(attr.Value.String(), nil))
		} else if attr.Value.Kind() == slog.KindDuration {
			attr.Value = slog.StringValue(attr.Value.String()) // a number wouldn't say its unit
		}
		return attr
	}}
	if o.Machine() {
		return slog.New(slog.NewJSONHandler(documents{o.Err}, options))
	}
	return slog.New(slog.NewTextHandler(o.Err, options))
}

// documents are written with their values as they are, each by one Write.
type documents struct{ to *terminal.Writer }

func (d documents) Write(document []byte) (int, error) { return d.to.JSON(document) }
