package conformance

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/vectors"
	"github.com/helium-rpc/helium/internal/wire"
)

// patience bounds what happens soon; only a failing test waits for it.
const patience = 30 * time.Second

// callsFile is testdata/vectors/calls.json.
type callsFile struct {
	About   string
	Service struct {
		Name    string
		Types   map[string]string
		Methods []struct{ Signature, Does string }
	}
	Exchanges []exchange
}

type exchange struct {
	Name    string
	Send    []sent
	Answers []answer
}

// sent is a message to the server.
type sent struct {
	Subject string
	// Reply is a token of the caller's inbox, "" for no reply subject. ReplySubject is a
	// whole one instead.
	Reply        string
	ReplySubject string `json:"reply_subject"`
	Hex          string
	Text         string // instead of Hex
}

// Calls runs the exchanges of a file against the service of an instance.
func Calls(t *testing.T, nc *nats.Conn, path, instance string) {
	var file callsFile
	vectors.Read(t, path, &file)
	if len(file.Exchanges) < 50 {
		t.Fatalf("%s has %d exchanges; the vectors are incomplete", path, len(file.Exchanges))
	}
	run(t, nc, file.Exchanges, instance)
}

// Keys runs the exchanges of testdata/vectors/keys.json against the service of an instance
// that takes idempotency keys.
func Keys(t *testing.T, nc *nats.Conn, path, instance string) { runFile(t, nc, path, instance, 20) }

// Waiting runs the exchanges of testdata/vectors/waiting.json against the service of an instance
// that tells how long messages waited.
func Waiting(t *testing.T, nc *nats.Conn, path, instance string) {
	runFile(t, nc, path, instance, 13)
}

// runFile runs the exchanges of a file, which has so many at least.
func runFile(t *testing.T, nc *nats.Conn, path, instance string, least int) {
	var file struct {
		About     string
		Exchanges []exchange
	}
	vectors.Read(t, path, &file)
	if len(file.Exchanges) < least {
		t.Fatalf("%s has %d exchanges; the vectors are incomplete", path, len(file.Exchanges))
	}
	run(t, nc, file.Exchanges, instance)
}

// run runs exchanges, one after the other.
func run(t *testing.T, nc *nats.Conn, exchanges []exchange, instance string) {
	for _, x := range exchanges {
		t.Run(x.Name, func(t *testing.T) {
			c := newCaller(t, nc)
			for _, s := range x.Send {
				c.send(s, instance)
			}
			c.collect(x.Answers)
			c.quietly()
		})
	}
}

// caller is an inbox.
type caller struct {
	t     *testing.T
	nc    *nats.Conn
	inbox string
	sub   *nats.Subscription
}

func newCaller(t *testing.T, nc *nats.Conn) *caller {
	t.Helper()
	c := &caller{t: t, nc: nc, inbox: nc.NewInbox()}
	var err error
	if c.sub, err = nc.SubscribeSync(c.inbox + ".>"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.sub.Unsubscribe() })
	return c
}

func (c *caller) send(s sent, instance string) {
	c.t.Helper()
	msg := &nats.Msg{
		Subject: strings.ReplaceAll(s.Subject, "<instance>", instance),
		Reply:   strings.ReplaceAll(s.ReplySubject, "<instance>", instance),
		Data:    []byte(s.Text),
	}
	if s.Text == "" {
		msg.Data = vectors.Hex(c.t, s.Hex)
	}
	if s.Reply != "" {
		msg.Reply = c.inbox + "." + s.Reply
	}
	if err := c.nc.PublishMsg(msg); err != nil {
		c.t.Fatal(err)
	}
}

// next returns the answers in the next message, and the token that it came to.
func (c *caller) next() (token string, got []any) {
	c.t.Helper()
	msg, err := c.sub.NextMsg(patience)
	if errors.Is(err, nats.ErrNoResponders) {
		return "", []any{noResponders{}}
	}
	if err != nil {
		c.t.Fatalf("no answer: %v", err)
	}
	token = strings.TrimPrefix(msg.Subject, c.inbox+".")
	if !wire.IsMessage(msg.Data) {
		return token, []any{msg}
	}
	frames, err := wire.ReadMessage(msg.Data)
	for err == nil && frames.More() {
		f := new(wire.Frame)
		if err = frames.Next(f); err == nil {
			got = append(got, f)
		}
	}
	if err != nil {
		c.t.Fatalf("the answer %x breaks the protocol: %v", msg.Data, err)
	}
	return token, got
}

// collect takes in as many answers as are wanted, in any order and any number of
// messages, and checks each.
func (c *caller) collect(want []answer) {
	c.t.Helper()
	open := append([]answer(nil), want...)
	for len(open) > 0 {
		token, got := c.next()
		for _, g := range got {
			if f, ok := g.(*wire.Frame); ok && f.Kind == wire.KindInstance {
				continue // the caller said who it is
			}
			var faults []string
			found := -1
			for i := range open {
				fault := open[i].fault(token, g)
				if fault == "" {
					found = i
					break
				}
				faults = append(faults, fault)
			}
			if found < 0 {
				c.t.Fatalf("an answer at %q isn't as the vectors say: %s", token, strings.Join(faults, "; or "))
			}
			open = append(open[:found], open[found+1:]...)
		}
	}
}

// quietly checks that nothing else has come, by a call that is answered after all that was
// asked for before.
func (c *caller) quietly() {
	c.t.Helper()
	body := msgpack.AppendArrayHeader(nil, 0)
	data := wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindCall, Seq: 1, Time: 60_000, Body: body})
	if err := c.nc.PublishRequest("helium.call.vectors.note", c.inbox+".the-end", data); err != nil {
		c.t.Fatal(err)
	}
	if token, got := c.next(); token != "the-end" {
		c.t.Errorf("one more answer came at %q, %+v; want none", token, got)
	}
}
