package typedfunc

import (
	"context"

	"github.com/helium-rpc/helium/codec"
)

// Call is one call that a stub makes: its arguments are written, then it is done, and unless that
// failed its result is read and it is ended.
type Call interface {
	Arguments() *codec.Writer
	Do(ctx context.Context) error
	Returned() *codec.Reader
	// End takes the error of reading the result, and returns that of the call.
	End(err error) error
}

// Begin begins a call of so many arguments.
type Begin func(args int) Call

// Handler runs a function: it reads its arguments and writes its result, if it has one and the
// function returned no error. An argument that can't be read is an [ArgumentError].
type Handler func(ctx context.Context, args *codec.Reader, result *codec.Writer) error

// ArgumentError is why an argument can't be read.
type ArgumentError struct {
	Position int // from 0
	Err      error
}

// Error implements error.
func (e *ArgumentError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong with the argument.
func (e *ArgumentError) Unwrap() error { return e.Err }
