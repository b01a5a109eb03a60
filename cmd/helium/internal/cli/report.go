package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/internal/visible"
)

// Report is an error as -o json writes it to stderr, within {"error": …}. Its
// fields stay what they are from version to version.
type Report struct {
	// Code is one of Helium's sixteen, such as "invalid_argument"; "usage" for a
	// command line that can't be meant.
	Code     string            `json:"code"`
	Reason   string            `json:"reason,omitempty"`
	Message  string            `json:"message"`
	Service  string            `json:"service,omitempty"`
	Method   string            `json:"method,omitempty"`
	Instance string            `json:"instance,omitempty"`
	Outcome  string            `json:"outcome,omitempty"` // did the handler run: of calls only
	Details  map[string]string `json:"details,omitempty"`
	TookMS   float64           `json:"took_ms"` // milliseconds since the command began
	Exit     int               `json:"exit"`    // the exit code
	Next     string            `json:"next,omitempty"`

	others bool // another program may have written the message
}

// ReportOf gathers what is known of an error. asked is the service or method that the
// command line named, for errors that came before a call; "" for none.
func ReportOf(f *Failure, asked string, took time.Duration) (r Report) {
	r = Report{
		Code:    codeOfExit(f.Exit),
		Message: strings.TrimSpace(f.Err.Error()),
		TookMS:  float64(took.Microseconds()) / 1000,
		Exit:    f.Exit,
		Next:    f.Hint,
	}
	if !IsSomebodysWord(f.Err) {
		defer func() { r.Message = InOurWords(r.Message, f.Err) }()
	}
	r.Service, r.Method, _ = strings.Cut(asked, ".")
	e, ok := errors.AsType[*helium.Error](f.Err)
	if !ok {
		return r
	}
	r.others = true
	r.Code, r.Reason, r.Details = e.Code.String(), e.Reason, e.Details
	if e.Message != "" && error(e) == bare(f.Err) {
		r.Message = e.Message // its service and code stand in fields of their own
	}
	r.Instance = e.Instance
	if e.Service != "" {
		r.Service, r.Method, r.Outcome = e.Service, e.Method, e.Outcome.String()
	}
	return r
}

// bare takes off what Fail put around an error.
func bare(err error) error {
	for {
		f, ok := err.(*Failure)
		if !ok {
			return err
		}
		err = f.Err
	}
}

// codeOfExit is the code of an error that is no call's.
func codeOfExit(exit int) string {
	switch exit {
	case ExitUsage:
		return "usage"
	case ExitNoBus, ExitNoInstance:
		return helium.CodeUnavailable.String()
	case ExitUnknown:
		return helium.CodeNotFound.String()
	case ExitArguments:
		return helium.CodeInvalidArgument.String()
	case ExitDeadline:
		return helium.CodeDeadlineExceeded.String()
	case ExitThreshold:
		return helium.CodeFailedPrecondition.String()
	case ExitInterrupted, ExitTerminated:
		return helium.CodeCanceled.String()
	}
	return helium.CodeInternal.String()
}

func (r *Report) Write(w io.Writer) {
	message := r.Message
	if r.others { // further lines stand further in, and so aren't taken for ours
		message = strings.ReplaceAll(message, "\n", "\n        ")
	}
	fmt.Fprintf(w, "helium: %s\n", message)
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "  %-9s %s\n", name, visible.Line(value))
		}
	}
	if r.Code == "usage" {
		row("next", r.Next)
		return
	}
	code := r.Code
	if r.Reason != "" {
		code += " (" + r.Reason + ")"
	}
	row("code", code)
	if r.Service != "" {
		row("service", strings.TrimSuffix(r.Service+"."+r.Method, "."))
	}
	row("instance", r.Instance)
	row("outcome", r.Outcome)
	row("took", amount.Milliseconds(r.TookMS))
	row("next", r.Next)
}
