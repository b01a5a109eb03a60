package helium

import "fmt"

// Code classifies an error. The sixteen values and their numbers are those that
// every RPC user knows from gRPC, so dashboards and habits carry over.
//
// Source of names and numbers: https://grpc.io/docs/guides/status-codes/
type Code uint8

const (
	// Canceled: the caller gave up.
	Canceled Code = 1
	// CodeUnknown: an error that nobody classified, such as a handler's errors.New.
	// (The short name Unknown belongs to [Outcome].)
	CodeUnknown Code = 2
	// InvalidArgument: the arguments are wrong whatever the state of the system.
	InvalidArgument Code = 3
	// DeadlineExceeded: the time for the call ran out.
	DeadlineExceeded Code = 4
	// NotFound: the thing asked for doesn't exist.
	NotFound Code = 5
	// AlreadyExists: the thing to be created exists.
	AlreadyExists Code = 6
	// PermissionDenied: the caller is known and may not do this.
	PermissionDenied Code = 7
	// ResourceExhausted: a limit is reached; try again later or send less.
	ResourceExhausted Code = 8
	// FailedPrecondition: the system isn't in the state that the call needs.
	FailedPrecondition Code = 9
	// Aborted: a conflict with another call; start the whole operation again.
	Aborted Code = 10
	// OutOfRange: past the end of a valid range.
	OutOfRange Code = 11
	// Unimplemented: no such method.
	Unimplemented Code = 12
	// Internal: a bug, such as a panic in a handler.
	Internal Code = 13
	// Unavailable: nobody could serve the call now.
	Unavailable Code = 14
	// DataLoss: data is gone or corrupt beyond repair.
	DataLoss Code = 15
	// Unauthenticated: the caller isn't known.
	Unauthenticated Code = 16
)

var codeNames = [...]string{
	Canceled:           "canceled",
	CodeUnknown:        "unknown",
	InvalidArgument:    "invalid_argument",
	DeadlineExceeded:   "deadline_exceeded",
	NotFound:           "not_found",
	AlreadyExists:      "already_exists",
	PermissionDenied:   "permission_denied",
	ResourceExhausted:  "resource_exhausted",
	FailedPrecondition: "failed_precondition",
	Aborted:            "aborted",
	OutOfRange:         "out_of_range",
	Unimplemented:      "unimplemented",
	Internal:           "internal",
	Unavailable:        "unavailable",
	DataLoss:           "data_loss",
	Unauthenticated:    "unauthenticated",
}

// Valid reports whether c is one of the sixteen codes.
func (c Code) Valid() bool { return c >= Canceled && c <= Unauthenticated }

// String returns the code's name in snake case, such as "invalid_argument".
func (c Code) String() string {
	if c.Valid() {
		return codeNames[c]
	}
	return fmt.Sprintf("code(%d)", uint8(c))
}

// MarshalText encodes the code as its name.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText accepts the names that String returns.
func (c *Code) UnmarshalText(text []byte) error {
	for code := Canceled; code.Valid(); code++ {
		if codeNames[code] == string(text) {
			*c = code
			return nil
		}
	}
	return fmt.Errorf("helium: %q is not a code", text)
}
