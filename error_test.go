package helium_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
)

var (
	errEmpty  = helium.NewError(helium.CodeFailedPrecondition, "stock.empty", "nothing is left")
	errLocked = helium.NewError(helium.CodeFailedPrecondition, "stock.locked", "nothing is left")
)

func TestErrorsAreTheSameByCodeAndReason(t *testing.T) {
	for _, c := range []struct {
		name        string
		err, target error
		want        bool
	}{
		{"itself", errEmpty, errEmpty, true},
		{"one that crossed the wire", &helium.Error{Code: helium.CodeFailedPrecondition, Reason: "stock.empty", Message: "no bolts", Instance: "i1"}, errEmpty, true},
		{"another message", errEmpty.WithMessage("no bolts"), errEmpty, true},
		{"a detail more", errEmpty.WithDetail("part", "bolt"), errEmpty, true},
		{"another outcome", errEmpty.WithOutcome(helium.Executed), errEmpty, true},
		{"wrapped", fmt.Errorf("order 7: %w", errEmpty), errEmpty, true},
		{"joined", errors.Join(io.EOF, errEmpty), errEmpty, true},
		{"another reason", errLocked, errEmpty, false},
		{"another code", &helium.Error{Code: helium.CodeNotFound, Reason: "stock.empty"}, errEmpty, false},
		{"the message alone", &helium.Error{Code: helium.CodeFailedPrecondition, Message: "nothing is left"}, errEmpty, false},
		{"no reasons, same message", helium.Errorf(helium.CodeNotFound, "no part %d", 7), helium.Errorf(helium.CodeNotFound, "no part 7"), true},
		{"no reasons, other messages", helium.Errorf(helium.CodeNotFound, "no part 7"), helium.Errorf(helium.CodeNotFound, "no part 8"), false},
		{"deadline", helium.Errorf(helium.CodeDeadlineExceeded, "late"), context.DeadlineExceeded, true},
		{"canceled", helium.Errorf(helium.CodeCanceled, "gave up"), context.Canceled, true},
		{"deadline isn't canceled", helium.Errorf(helium.CodeDeadlineExceeded, "late"), context.Canceled, false},
		{"canceled isn't deadline", helium.Errorf(helium.CodeCanceled, "gave up"), context.DeadlineExceeded, false},
		{"unavailable is neither", helium.Errorf(helium.CodeUnavailable, "away"), context.Canceled, false},
		{"a nil *Error", errEmpty, (*helium.Error)(nil), false},
		{"another type", errEmpty, io.EOF, false},
	} {
		if got := errors.Is(c.err, c.target); got != c.want {
			t.Errorf("%s: errors.Is(%v, %v) = %v, want %v", c.name, c.err, c.target, got, c.want)
		}
	}
}

func TestAsErrorKeepsAnErrorThatIsOne(t *testing.T) {
	if got := helium.AsError(nil); got != nil {
		t.Errorf("AsError(nil) = %v, want nil", got)
	}
	if got := helium.AsError(errEmpty); got != errEmpty {
		t.Errorf("AsError(%p) = %p, want the same", errEmpty, got)
	}
}

func TestAWrappedErrorLendsItsIdentityAndKeepsTheWholeMessage(t *testing.T) {
	inner := errEmpty.WithDetail("part", "bolt").WithOutcome(helium.Executed)
	outer := fmt.Errorf("order 7: %w", fmt.Errorf("shelf 3: %w", inner))
	got := helium.AsError(outer)
	if got.Code != helium.CodeFailedPrecondition || got.Reason != "stock.empty" || got.Details["part"] != "bolt" || got.Outcome != helium.Executed {
		t.Errorf("AsError(%q) = %+v, want code, reason, details and outcome of %+v", outer, got, inner)
	}
	if want := "order 7: shelf 3: nothing is left"; got.Message != want {
		t.Errorf("message = %q, want %q", got.Message, want)
	}
	if !errors.Is(got, errEmpty) || !errors.Is(got, outer) {
		t.Errorf("errors.Is(%v, …) = %v for the sentinel, %v for the chain; want true for both", got, errors.Is(got, errEmpty), errors.Is(got, outer))
	}
	if inner.Message != "nothing is left" {
		t.Errorf("AsError changed the wrapped error's message to %q", inner.Message)
	}
}

func TestForeignErrorsGetTheCodeThatFitsThem(t *testing.T) {
	for _, c := range []struct {
		err  error
		want helium.Code
	}{
		{nil, 0},
		{io.EOF, helium.CodeUnknown},
		{context.DeadlineExceeded, helium.CodeDeadlineExceeded},
		{fmt.Errorf("asking the shelf: %w", context.DeadlineExceeded), helium.CodeDeadlineExceeded},
		{context.Canceled, helium.CodeCanceled},
		{errors.Join(io.EOF, context.Canceled), helium.CodeCanceled},
		{errEmpty, helium.CodeFailedPrecondition},
		{fmt.Errorf("order 7: %w", errEmpty), helium.CodeFailedPrecondition},
	} {
		if got := helium.CodeOf(c.err); got != c.want {
			t.Errorf("CodeOf(%v) = %v, want %v", c.err, got, c.want)
		}
		if c.err == nil {
			continue
		}
		e := helium.AsError(c.err)
		if !errors.Is(e, c.err) || e.Message != c.err.Error() {
			t.Errorf("AsError(%v) = %v, want the same message, and to be that error", c.err, e)
		}
		if e.Outcome != helium.Unknown {
			t.Errorf("AsError(%v).Outcome = %v, want unknown: no call said more", c.err, e.Outcome)
		}
	}
}

func TestOutcomeOfAnErrorIsUnknownUnlessItSays(t *testing.T) {
	for _, c := range []struct {
		err  error
		want helium.Outcome
	}{
		{nil, helium.Executed},
		{io.EOF, helium.Unknown},
		{errEmpty, helium.Unknown},
		{errEmpty.WithOutcome(helium.NotExecuted), helium.NotExecuted},
		{fmt.Errorf("order 7: %w", errEmpty.WithOutcome(helium.Executed)), helium.Executed},
	} {
		if got := helium.OutcomeOf(c.err); got != c.want {
			t.Errorf("OutcomeOf(%v) = %v, want %v", c.err, got, c.want)
		}
	}
}

func TestOutcomesHaveNames(t *testing.T) {
	for outcome, want := range map[helium.Outcome]string{
		helium.Unknown: "unknown", helium.NotExecuted: "not executed", helium.Executed: "executed", 9: "outcome(9)",
	} {
		if got := outcome.String(); got != want {
			t.Errorf("Outcome(%d) prints as %q, want %q", uint8(outcome), got, want)
		}
	}
}

func TestSentinelsThatCouldNotBeRecognisedPanicWhereTheyAreDeclared(t *testing.T) {
	for _, c := range []struct {
		name   string
		code   helium.Code
		reason string
		hint   string
	}{
		{"no code", 0, "stock.empty", "helium.CodeInvalidArgument"},
		{"a code that doesn't exist", 17, "stock.empty", "code(17)"},
		{"no reason", helium.CodeNotFound, "", "math.division_by_zero"},
	} {
		func() {
			defer func() {
				got := fmt.Sprint(recover())
				if !strings.Contains(got, c.hint) {
					t.Errorf("%s: NewError panicked with %q, want a panic with %q in it", c.name, got, c.hint)
				}
			}()
			helium.NewError(c.code, c.reason, "nothing is left")
		}()
	}
}

func TestCopiesLeaveTheSentinelAsItWas(t *testing.T) {
	first := errEmpty.WithDetail("part", "bolt")
	second := first.WithDetail("part", "nut").WithDetail("shelf", "3")
	if len(errEmpty.Details) != 0 {
		t.Errorf("the sentinel has got details: %v, want none", errEmpty.Details)
	}
	if len(first.Details) != 1 || first.Details["part"] != "bolt" {
		t.Errorf("the first copy's details = %v, want part=bolt alone", first.Details)
	}
	if len(second.Details) != 2 || second.Details["part"] != "nut" {
		t.Errorf("the second copy's details = %v, want part=nut and shelf=3", second.Details)
	}
	if got := errEmpty.WithMessage("no %s", "bolts").WithOutcome(helium.Executed); got.Message != "no bolts" || errEmpty.Message != "nothing is left" || errEmpty.Outcome != helium.Unknown {
		t.Errorf("copy %+v, sentinel %+v; want the copy changed and the sentinel not", got, errEmpty)
	}
}

func TestWrappedCausesStayReachableOnThisSide(t *testing.T) {
	if e := helium.Errorf(helium.CodeDataLoss, "page 3: %w", io.ErrUnexpectedEOF); !errors.Is(e, io.ErrUnexpectedEOF) || e.Message != "page 3: unexpected EOF" {
		t.Errorf("Errorf with %%w = %v, want io.ErrUnexpectedEOF in it", e)
	}
	if e := errEmpty.WithMessage("page 3: %w", io.ErrUnexpectedEOF); !errors.Is(e, io.ErrUnexpectedEOF) || !errors.Is(e, errEmpty) {
		t.Errorf("WithMessage with %%w = %v, want io.ErrUnexpectedEOF and the sentinel in it", e)
	}
	wrapping := errEmpty.WithMessage("page 3: %w", io.ErrUnexpectedEOF)
	if e := wrapping.WithMessage("page 4"); !errors.Is(e, io.ErrUnexpectedEOF) {
		t.Errorf("a new message without a cause = %v, want the old cause kept", e)
	}
}

func TestAnErrorPrintsItsCallAndItsCode(t *testing.T) {
	for _, c := range []struct {
		err  helium.Error
		want string
	}{
		{helium.Error{Code: helium.CodeNotFound, Message: "no bolts"}, "no bolts"},
		{helium.Error{Code: helium.CodeNotFound}, "not_found"},
		{helium.Error{Code: helium.CodeNotFound, Message: "no bolts", Service: "stock"}, "stock: no bolts (not_found)"},
		{helium.Error{Code: helium.CodeNotFound, Message: "no bolts", Service: "stock", Method: "take"}, "stock.take: no bolts (not_found)"},
		{helium.Error{Code: helium.CodeNotFound, Service: "stock", Method: "take"}, "stock.take: not_found"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
