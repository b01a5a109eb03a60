package rpcserver

import (
	"bytes"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
)

// smallLink takes plain answers of some size.
type smallLink struct {
	max   int
	fault *helium.Error // of the last answer
	data  []byte
}

func (l *smallLink) MaxMessage() int { return l.max }

func (l *smallLink) AnswerPlain(_ link.Caller, _ string, _ time.Time, data []byte, fault *helium.Error) error {
	if len(data) > l.max {
		return link.ErrTooLarge
	}
	l.data, l.fault = data, fault
	return nil
}

func TestAPlainRequestHearsThatItsResultDoesNotFitAnyMore(t *testing.T) {
	l := &smallLink{max: 1000}
	p := &plainAnswer{link: l, service: "math", answers: "i1", json: true}
	p.send(nil, nil, 0, bytes.Repeat([]byte("1"), 2000), false)
	if l.fault == nil || l.fault.Reason != helium.ErrResultTooLarge.Reason || l.fault.Outcome != helium.Executed || l.fault.Instance != "i1" {
		t.Errorf("it hears %+v, want helium.ErrResultTooLarge, executed, of i1", l.fault)
	}
	p.send(nil, nil, 0, []byte("1"), false)
	if l.fault != nil || string(l.data) != "1" {
		t.Errorf("a result that fits: %q, %v; want 1", l.data, l.fault)
	}
}
