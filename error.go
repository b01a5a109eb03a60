package helium

import (
	"context"
	"errors"
	"fmt"
	"maps"
)

// Error is what a failed call returns. It crosses the wire whole: a handler's
// Error reaches its caller with the same code, reason, message and details. A message
// is cut at 64 KiB, and details of more than 64 KiB together are left out, which one in
// their place says.
//
// Take one out of any error with [AsError].
type Error struct {
	// Code classifies the error.
	Code Code
	// Reason names the error for programs, stable over versions: lower case words
	// joined by dots and underscores, such as "math.division_by_zero". Two errors
	// of the same code and reason are equal to errors.Is. Empty: no such name.
	Reason string
	// Message tells a person what happened and, where something can be done, what.
	Message string
	// Details are facts for programs, such as the name of the wrong field.
	Details map[string]string
	// Outcome says whether the handler could have run.
	Outcome Outcome

	// Service and Method name the call. Empty on an error that was in no call yet.
	Service, Method string
	// Instance is the server that answered. Empty when the error arose on the
	// caller's own side, so it tells errors of the other side from one's own.
	Instance string

	cause error
}

// NewError returns a sentinel: an error to declare once, at package level, and to
// return from handlers, wrapped with %w or not. errors.Is finds it on both sides
// of the wire, by its code and reason.
//
//	var ErrDivisionByZero = helium.NewError(helium.CodeInvalidArgument, "math.division_by_zero", "division by zero")
//
// It panics if the code isn't one of the sixteen or the reason is empty: a
// sentinel without a reason couldn't be recognised after its journey.
func NewError(code Code, reason, message string) *Error {
	if !code.Valid() {
		panic(fmt.Sprintf("helium.NewError(%q): %v is not a code; use one of the constants, such as helium.CodeInvalidArgument", reason, code))
	}
	if reason == "" {
		panic(fmt.Sprintf("helium.NewError(%q): the reason is empty; name the error, such as \"math.division_by_zero\"", message))
	}
	return &Error{Code: code, Reason: reason, Message: message}
}

// Errorf returns an error of the given code with a message made as by fmt.Errorf;
// %w keeps the wrapped error reachable on this side of the wire.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), cause: errors.Unwrap(err)}
}

// WithMessage returns a copy with another message, still the same error to errors.Is.
func (e *Error) WithMessage(format string, args ...any) *Error {
	c := *e
	err := fmt.Errorf(format, args...)
	c.Message = err.Error()
	if cause := errors.Unwrap(err); cause != nil {
		c.cause = cause
	}
	return &c
}

// WithDetail returns a copy with one more detail.
func (e *Error) WithDetail(key, value string) *Error {
	c := *e
	c.Details = maps.Clone(e.Details)
	if c.Details == nil {
		c.Details = make(map[string]string, 1)
	}
	c.Details[key] = value
	return &c
}

// WithOutcome returns a copy with the given outcome.
func (e *Error) WithOutcome(o Outcome) *Error {
	c := *e
	c.Outcome = o
	return &c
}

// Error returns the message, with the method and the code when the error comes
// from a call: "math.div: division by zero (invalid_argument)".
func (e *Error) Error() string {
	if e == nil {
		return nilError
	}
	message := e.Message
	if message == "" {
		message = e.Code.String()
	}
	if e.Service == "" {
		return message
	}
	name := e.Service
	if e.Method != "" {
		name += "." + e.Method
	}
	if e.Message == "" {
		return name + ": " + message
	}
	return name + ": " + message + " (" + e.Code.String() + ")"
}

// Is makes errors.Is compare by code and reason, and by code and message where
// neither has a reason. CodeDeadlineExceeded and CodeCanceled also match
// context.DeadlineExceeded and context.Canceled.
func (e *Error) Is(target error) bool {
	if e == nil {
		return false
	}
	switch target {
	case context.DeadlineExceeded:
		return e.Code == CodeDeadlineExceeded
	case context.Canceled:
		return e.Code == CodeCanceled
	}
	t, ok := target.(*Error)
	if !ok || t == nil || e.Code != t.Code || e.Reason != t.Reason {
		return false
	}
	return e.Reason != "" || e.Message == t.Message
}

// Unwrap returns the error that caused this one on the same side of the wire.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// AsError returns err as an *Error, or nil if err is nil.
//
// An *Error stays what it is. One wrapped in other errors lends its code, reason
// and details, and the message is that of the whole chain. The context package's
// errors become CodeDeadlineExceeded and CodeCanceled, and any other error CodeUnknown.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok {
		if e == nil {
			return &Error{Code: CodeUnknown, Message: nilError}
		}
		return e
	}
	if e, ok := errors.AsType[*Error](err); ok && e != nil {
		c := *e
		c.Message = err.Error()
		c.cause = err
		return &c
	}
	code := CodeUnknown
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		code = CodeDeadlineExceeded
	case errors.Is(err, context.Canceled):
		code = CodeCanceled
	}
	return &Error{Code: code, Message: err.Error(), cause: err}
}

// nilError is what an error says that is a nil *Error: to Go it is an error all the same.
const nilError = "a nil *helium.Error was returned as an error; return nil itself where all is well"

// CodeOf returns err's code, and 0 if err is nil.
func CodeOf(err error) Code {
	if err == nil {
		return 0
	}
	return AsError(err).Code
}

// OutcomeOf says whether the handler of the call that returned err could have run.
// A call without an error was executed.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Executed
	}
	return AsError(err).Outcome
}
