package helium

import "fmt"

// Code classifies an error. The sixteen values and their numbers are those that
// every RPC user knows from gRPC, so dashboards and habits carry over.
//
// Source of names and numbers: https://grpc.io/docs/guides/status-codes/
type Code uint8

const (
	// CodeCanceled: the caller gave up.
	CodeCanceled Code = 1
	// CodeUnknown: an error that nobody classified, such as a handler's errors.New.
	// (The short name Unknown belongs to [Outcome].)
	CodeUnknown Code = 2
	// CodeInvalidArgument: the arguments are wrong whatever the state of the system.
	CodeInvalidArgument Code = 3
	// CodeDeadlineExceeded: the time for the call ran out.
	CodeDeadlineExceeded Code = 4
	// CodeNotFound: the thing asked for doesn't exist.
	CodeNotFound Code = 5
	// CodeAlreadyExists: the thing to be created exists.
	CodeAlreadyExists Code = 6
	// CodePermissionDenied: the caller is known and may not do this.
	CodePermissionDenied Code = 7
	// CodeResourceExhausted: a limit is reached; try again later or send less.
	CodeResourceExhausted Code = 8
	// CodeFailedPrecondition: the system isn't in the state that the call needs.
	CodeFailedPrecondition Code = 9
	// CodeAborted: a conflict with another call; start the whole operation again.
	CodeAborted Code = 10
	// CodeOutOfRange: past the end of a valid range.
	CodeOutOfRange Code = 11
	// CodeUnimplemented: no such method.
	CodeUnimplemented Code = 12
	// CodeInternal: a bug, such as a panic in a handler.
	CodeInternal Code = 13
	// CodeUnavailable: nobody could serve the call now.
	CodeUnavailable Code = 14
	// CodeDataLoss: data is gone or corrupt beyond repair.
	CodeDataLoss Code = 15
	// CodeUnauthenticated: the caller isn't known.
	CodeUnauthenticated Code = 16
)

var codeNames = [...]string{
	CodeCanceled:           "canceled",
	CodeUnknown:            "unknown",
	CodeInvalidArgument:    "invalid_argument",
	CodeDeadlineExceeded:   "deadline_exceeded",
	CodeNotFound:           "not_found",
	CodeAlreadyExists:      "already_exists",
	CodePermissionDenied:   "permission_denied",
	CodeResourceExhausted:  "resource_exhausted",
	CodeFailedPrecondition: "failed_precondition",
	CodeAborted:            "aborted",
	CodeOutOfRange:         "out_of_range",
	CodeUnimplemented:      "unimplemented",
	CodeInternal:           "internal",
	CodeUnavailable:        "unavailable",
	CodeDataLoss:           "data_loss",
	CodeUnauthenticated:    "unauthenticated",
}

// Valid reports whether c is one of the sixteen codes.
func (c Code) Valid() bool { return c >= CodeCanceled && c <= CodeUnauthenticated }

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
	for code := CodeCanceled; code.Valid(); code++ {
		if codeNames[code] == string(text) {
			*c = code
			return nil
		}
	}
	return fmt.Errorf("helium: %q is not a code", text)
}
