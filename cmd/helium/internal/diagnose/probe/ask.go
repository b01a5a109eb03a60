package probe

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/internal/wire"
)

var (
	// ErrNobody: nobody subscribes to the subject.
	ErrNobody = errors.New("nobody subscribes")
	// ErrSilent: somebody subscribes, or may, and didn't answer in time.
	ErrSilent = errors.New("no answer")
)

// Prober asks over one connection. It isn't for concurrent use.
type Prober struct {
	nc       *nats.Conn
	subjects wire.Subjects
}

// New returns a prober of the services under a prefix; "" is "helium".
func New(nc *nats.Conn, prefix string) (*Prober, error) {
	subjects, err := wire.NewSubjects(prefix)
	return &Prober{nc: nc, subjects: subjects}, err
}

// Subjects are those that the prober's deployment uses.
func (p *Prober) Subjects() wire.Subjects { return p.subjects }

// MayPublish returns why the connection's user may not publish to a subject, in NATS's
// words, or nil if it may. It publishes a message that holds no call and wants no answer.
func (p *Prober) MayPublish(ctx context.Context, subject string) (denied, err error) {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	return natsperm.ConfirmPublish(ctx, p.nc, subject, func() error { return p.nc.Publish(subject, ignorable()) })
}

// MaySubscribe returns why the connection's user may not subscribe to a subject, or nil
// if it may.
func (p *Prober) MaySubscribe(ctx context.Context, subject string) (denied, err error) {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	ours := func(refused string) bool { return refused == subject }
	return natsperm.Confirm(ctx, p.nc, ours, func() error {
		sub, err := p.nc.SubscribeSync(subject)
		if err == nil {
			defer func() { _ = sub.Unsubscribe() }()
		}
		return err
	})
}

// MayReceive is MaySubscribe for the subjects on which answers come.
func (p *Prober) MayReceive(ctx context.Context) (inbox string, denied, err error) {
	inbox = wire.NewInbox(p.nc.Opts.InboxPrefix)
	denied, err = p.MaySubscribe(ctx, inbox)
	return inbox[:strings.LastIndexByte(inbox, '.')] + ".>", denied, err
}

// pingTime is how long the server may take to answer a ping.
const pingTime = 5 * time.Second

// Subscribed reports whether anybody subscribes to a subject, as far as the server knows
// that the connection leads to. Whoever does gets a message that holds no call.
func (p *Prober) Subscribed(ctx context.Context, subject string) (bool, error) {
	inbox := wire.NewInbox(p.nc.Opts.InboxPrefix)
	sub, err := p.nc.SubscribeSync(inbox)
	if err != nil {
		return false, err
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := p.nc.PublishRequest(subject, inbox, ignorable()); err != nil {
		return false, err
	}
	// That nobody listens is said before the ping is answered.
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	if err := p.nc.FlushWithContext(ctx); err != nil {
		return false, err
	}
	switch _, err := sub.NextMsg(time.Nanosecond); {
	case errors.Is(err, nats.ErrNoResponders):
		return false, nil
	case errors.Is(err, nats.ErrTimeout):
		return true, nil
	default:
		return err == nil, err // somebody answered, which it needn't
	}
}

func isNobody(msg *nats.Msg) bool { return len(msg.Data) == 0 && msg.Header.Get("Status") == "503" }

// Target is where a call would go.
type Target struct {
	Subject string
	Params  int // how many parameters the method has
	// Any: NATS chooses who answers. Where two do it has delivered the call twice, so who else
	// answers is waited for.
	Any bool
}

// Answer is what a probe of a target brought.
type Answer struct {
	// Took is the time from question to answer.
	Took time.Duration
	// Instance is who answered, "" if nobody did.
	Instance string
	// Others are who answered the same question as well.
	Others []string
	// Refusal is how it refused: by helium.expired_in_queue if all is well.
	Refusal *helium.Error
	// Err is ErrNobody, ErrSilent, or what is wrong with the answer.
	Err error
	// Captured is what is wrong where a JetStream stream acknowledges the question, which is no answer;
	// "": none does.
	Captured string
}

// Well reports whether the target would have run the call if it had had any time.
func (a *Answer) Well() bool {
	return a.Err == nil && a.Refusal != nil && errors.Is(a.Refusal, helium.ErrExpired) && a.Refusal.Outcome == helium.NotExecuted
}

// othersTime is how long the answers of others are waited for, after the first, and what streams say:
// they were asked at the same moment.
const othersTime = 100 * time.Millisecond

// Call probes all targets at once, for so long at most, and returns an answer for each.
func (p *Prober) Call(ctx context.Context, timeout time.Duration, targets ...Target) []Answer {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	questions := make([]question, len(targets))
	for i, target := range targets {
		questions[i] = p.ask(target)
		defer questions[i].close()
	}
	answers := make([]Answer, len(targets))
	var wait time.Duration
	for i := range questions {
		answers[i] = questions[i].answer(ctx)
		if targets[i].Any && answers[i].Instance != "" {
			wait = max(wait, answers[i].Took+othersTime)
		}
	}
	if wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
	for i := range questions {
		if targets[i].Any {
			answers[i].Others = questions[i].others(answers[i].Instance)
		}
		answers[i].Captured = questions[i].captured() // a stream may be slower than who answers
	}
	return answers
}

// question is a probe under way.
type question struct {
	began   time.Time
	sub     *nats.Subscription
	arrived chan Answer             // some answers, from the subscription's own goroutine
	stream  *atomic.Pointer[string] // that has acknowledged it; nil: none
	subject string
	err     error // it couldn't be asked
}

// ask sends a probe.
func (p *Prober) ask(target Target) question {
	inbox, seq := wire.NewInbox(p.nc.Opts.InboxPrefix), rand.Uint64()>>1+1
	// The answer's own goroutine notes the time: whoever waits may be late.
	q := question{began: time.Now(), arrived: make(chan Answer, 8), stream: new(atomic.Pointer[string]), subject: target.Subject}
	q.sub, q.err = p.nc.Subscribe(inbox, func(msg *nats.Msg) {
		a := Answer{Took: time.Since(q.began)}
		if isNobody(msg) {
			a.Err = ErrNobody
		} else if stream := wire.CapturedBy(msg.Data); stream != "" {
			q.stream.Store(&stream)
			return
		} else if a.Refusal, a.Err = readAnswer(msg.Data, seq); a.Refusal != nil {
			a.Instance = a.Refusal.Instance
		}
		select {
		case q.arrived <- a:
		default: // there are more than anybody wants to know of
		}
	})
	if q.err == nil {
		q.err = p.nc.PublishRequest(target.Subject, inbox, expired(seq, target.Params))
	}
	return q
}

func (q *question) close() {
	if q.sub != nil {
		_ = q.sub.Unsubscribe() // fails only if the connection is closed
	}
}

// captured returns what is wrong where a stream has acknowledged the question; "": none has.
func (q *question) captured() string {
	if stream := q.stream.Load(); stream != nil {
		return wire.Captured(*stream, q.subject)
	}
	return ""
}

// answer waits for the first answer.
func (q *question) answer(ctx context.Context) Answer {
	if q.err != nil {
		return Answer{Err: q.err}
	}
	select {
	case a := <-q.arrived:
		return a
	case <-ctx.Done():
	}
	select {
	case a := <-q.arrived: // while another target's answer was waited for
		return a
	default:
		return Answer{Took: time.Since(q.began), Err: ErrSilent}
	}
}

// others returns which other instances have answered since the first.
func (q *question) others(first string) (others []string) {
	for {
		select {
		case a := <-q.arrived:
			if name := a.Instance; name != "" && name != first && !slices.Contains(others, name) {
				others = append(others, name)
			}
		default:
			return others
		}
	}
}
