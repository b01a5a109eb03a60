package wire

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// WaitedDetail is the detail of helium.ErrExpired that says how long the call had waited since its
// message was begun, in milliseconds, and that of helium.ErrOverloaded that says LongWait of a call whose
// turn didn't come though it had waited for so long or longer.
const WaitedDetail = "waited_ms"

// LongWait is how long a call has waited at least that was refused for load as its turn didn't come, for that to
// be a sign that more come than can be run, and go on to. What has no room in a burst is refused when it comes.
const LongWait = 50 * time.Millisecond

// Waited returns how long a call had waited, as its error says, in whole milliseconds; false: it doesn't say.
func Waited(e *helium.Error) (waited time.Duration, ok bool) {
	ms, err := strconv.ParseInt(e.Details[WaitedDetail], 10, 64)
	if err != nil || ms < 0 || ms > math.MaxInt64/int64(time.Millisecond) {
		return 0, false
	}
	return time.Duration(ms) * time.Millisecond, true
}

// errorHeads is what stands around the texts of an error without details, at most, in bytes.
const errorHeads = 24

// AppendError appends an error as it stands in a KindError frame:
// [code, reason, message, details, outcome, instance].
func AppendError(b []byte, e *helium.Error) []byte {
	b = slices.Grow(b, len(e.Reason)+len(e.Message)+len(e.Instance)+errorHeads)
	b = msgpack.AppendArrayHeader(b, 6)
	b = msgpack.AppendUint(b, uint64(e.Code))
	b = msgpack.AppendString(b, e.Reason)
	b = msgpack.AppendString(b, e.Message)
	b = msgpack.AppendStringMap(b, e.Details)
	b = msgpack.AppendUint(b, uint64(e.Outcome))
	return msgpack.AppendString(b, e.Instance)
}

// ReadError reads what AppendError wrote. A code or an outcome that this side
// doesn't know becomes CodeUnknown or Unknown; elements beyond the six are ignored.
func ReadError(body []byte) (*helium.Error, error) {
	r := msgpack.NewReader(body)
	n, err := r.ArrayHeader()
	if err != nil {
		return nil, fmt.Errorf("error: %w", err)
	}
	if n < 6 {
		return nil, fmt.Errorf("error: %d elements, want at least 6", n)
	}
	e := new(helium.Error)
	code, err := r.Unsigned()
	if err != nil {
		return nil, fmt.Errorf("error code: %w", err)
	}
	if e.Code = helium.CodeUnknown; code <= uint64(helium.CodeUnauthenticated) && code > 0 {
		e.Code = helium.Code(code)
	}
	if e.Reason, err = r.Text(); err != nil {
		return nil, fmt.Errorf("error reason: %w", err)
	}
	if e.Message, err = r.Text(); err != nil {
		return nil, fmt.Errorf("error message: %w", err)
	}
	if e.Details, err = r.TextMap(MaxEntries); err != nil {
		return nil, fmt.Errorf("error details: %w", err)
	}
	outcome, err := r.Unsigned()
	if err != nil {
		return nil, fmt.Errorf("error outcome: %w", err)
	}
	if outcome <= uint64(helium.Executed) {
		e.Outcome = helium.Outcome(outcome)
	}
	if e.Instance, err = r.Text(); err != nil {
		return nil, fmt.Errorf("error instance: %w", err)
	}
	return e, nil
}
