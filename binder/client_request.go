package binder

import (
	"crypto/rand"

	"github.com/nats-io/nats.go"
)

// A request is what is sent to the binders, once or several times. Those that read, and
// renewals, which write what is there once more, may be carried out twice. What registers or
// ends must not be, or a binder that was frozen would bring back, when it thaws, what has
// ended or changed since; so it has a name of its own, by which the store knows it again for a
// lease, or two minutes if that is shorter.
type request struct {
	subject string
	body    []byte
	once    string // the name; "": may be carried out twice
}

// named returns the request with a name that nobody can guess.
func (r request) named() request {
	r.once = rand.Text()
	return r
}

// message returns the request as it is sent, to be answered on a subject.
func (r request) message(inbox string) *nats.Msg {
	m := &nats.Msg{Subject: r.subject, Reply: inbox, Data: r.body}
	if r.once != "" {
		m.Header = nats.Header{requestHeader: {r.once}}
	}
	return m
}
