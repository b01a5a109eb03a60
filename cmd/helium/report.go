package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/terminal"
	"github.com/helium-rpc/helium/internal/visible"
)

// errorReport is an error as -o json writes it to stderr, within {"error": …}. Its
// fields stay what they are from version to version.
type errorReport struct {
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

// reportOf gathers what is known of an error. asked is the service or method that the
// command line named, for errors that came before a call; "" for none.
func reportOf(f *failure, asked string, took time.Duration) (r errorReport) {
	r = errorReport{
		Code:    codeOfExit(f.exit),
		Message: strings.TrimSpace(f.err.Error()),
		TookMS:  float64(took.Microseconds()) / 1000,
		Exit:    f.exit,
		Next:    f.hint,
	}
	if !isSomebodysWord(f.err) {
		defer func() { r.Message = inOurWords(r.Message) }()
	}
	r.Service, r.Method, _ = strings.Cut(asked, ".")
	e, ok := errors.AsType[*helium.Error](f.err)
	if !ok {
		return r
	}
	r.others = true
	r.Code, r.Reason, r.Details = e.Code.String(), e.Reason, e.Details
	if e.Message != "" && error(e) == bare(f.err) {
		r.Message = e.Message // its service and code stand in fields of their own
	}
	r.Instance = e.Instance
	if e.Service != "" {
		r.Service, r.Method, r.Outcome = e.Service, e.Method, e.Outcome.String()
	}
	return r
}

// bare takes off what fail put around an error.
func bare(err error) error {
	for {
		f, ok := err.(*failure)
		if !ok {
			return err
		}
		err = f.err
	}
}

// codeOfExit is the code of an error that is no call's.
func codeOfExit(exit int) string {
	switch exit {
	case exitUsage:
		return "usage"
	case exitNoBus, exitNoInstance:
		return helium.CodeUnavailable.String()
	case exitUnknown:
		return helium.CodeNotFound.String()
	case exitArguments:
		return helium.CodeInvalidArgument.String()
	case exitDeadline:
		return helium.CodeDeadlineExceeded.String()
	case exitThreshold:
		return helium.CodeFailedPrecondition.String()
	case exitInterrupted:
		return helium.CodeCanceled.String()
	}
	return helium.CodeInternal.String()
}

// report tells the person, or the script, what went wrong.
func (a *app) report(f *failure) {
	r := reportOf(f, a.asked, time.Since(a.began))
	if a.output.machine() {
		writeJSONLine(a.err, map[string]errorReport{"error": r})
		return
	}
	r.write(a.err)
}

func (r *errorReport) write(w io.Writer) {
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

// errorInWords says an error's reason, code and message, of which any may be missing.
func errorInWords(reason, code, message string) string {
	text := reason
	switch {
	case reason == "":
		text = code
	case code != "":
		text += " (" + code + ")"
	}
	return strings.TrimPrefix(strings.TrimSuffix(text+": "+message, ": "), ": ")
}

// writeJSONLine writes a value as one line of JSON. What has no JSON is a bug, and a
// place to write to that is gone can't be told about.
func writeJSONLine(w *terminal.Writer, v any) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	_, _ = w.JSON(line.Bytes())
}
