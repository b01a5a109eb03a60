package helium

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// ConfigError is an error that a change of a Config mends: of that of bus, broker, binder,
// rpcserver or rpcclient. Its text speaks of the Config's fields. A program whose users set
// these by other means, such as flags, says the same in their words with [ConfigError.Text].
//
// If it wraps no error, the Config as it is can't work. Else something failed on the
// way, and other settings may help.
type ConfigError struct {
	// Package is the name of the Config's package, such as "rpcserver".
	Package string
	// Field is the field that the text names first, such as "Timeout", or "Websocket.Listen"
	// of a struct in the Config.
	Field string

	format string // the fields that it names stand in braces
	args   []any
	cause  error
}

// fieldInFormat is the name of a field in the format of a ConfigError.
var fieldInFormat = regexp.MustCompile(`\{([^{}]*)\}`)

// NewConfigError returns the error of a package's Config. In the text the names of fields
// stand in braces:
//
//	helium.NewConfigError("broker", "{TLS} is set and nothing listens; set {Listen} too")
func NewConfigError(pkg, text string) *ConfigError {
	return newConfigError(pkg, strings.ReplaceAll(text, "%", "%%"))
}

// ConfigErrorf is NewConfigError with a text made as by fmt.Errorf, %w included. Braces in
// its arguments mean nothing.
func ConfigErrorf(pkg, format string, args ...any) *ConfigError {
	e := newConfigError(pkg, format)
	e.args, e.cause = args, errors.Unwrap(fmt.Errorf(format, args...))
	return e
}

func newConfigError(pkg, format string) *ConfigError {
	e := &ConfigError{Package: pkg, format: format}
	if first := fieldInFormat.FindStringSubmatch(format); first != nil {
		e.Field = strings.TrimPrefix(first[1], "Config.")
	}
	return e
}

// Error returns the text with the package's name before it and with the fields' own names.
func (e *ConfigError) Error() string {
	return e.Package + ": " + e.text(func(field string) string { return field })
}

// Text returns the text without the package's name, and with what name makes of the fields'
// names, such as "Timeout".
func (e *ConfigError) Text(name func(field string) string) string {
	return e.text(func(field string) string { return name(strings.TrimPrefix(field, "Config.")) })
}

func (e *ConfigError) text(name func(field string) string) string {
	format := fieldInFormat.ReplaceAllStringFunc(e.format, func(field string) string {
		return strings.ReplaceAll(name(field[1:len(field)-1]), "%", "%%")
	})
	return fmt.Errorf(format, e.args...).Error()
}

// Unwrap returns the error that %w stood for, nil if the Config alone is at fault.
func (e *ConfigError) Unwrap() error { return e.cause }
