package figures

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

// ErrDenied: the connection's user may not ask. Who may not receive the answers gets another helium.ErrNotPermitted.
var ErrDenied = helium.ErrNotPermitted.WithMessage("this user may not ask for figures: it may not publish to $SRV.STATS")

// Look is what all instances said at one moment.
type Look struct {
	At        time.Time
	Instances map[Instance]*Counts
	silent    []Instance // that the registry has, and that didn't answer
}

// Instance names an instance of a service.
type Instance struct {
	Service string `json:"service"`
	ID      string `json:"instance"`
}

// Counts are an instance's figures since it began.
type Counts struct {
	At        time.Time // when its answer came
	Started   time.Time
	Endpoints map[string]Endpoint // by name
}

// Endpoint is one method of an instance.
type Endpoint struct {
	Requests, Errors uint64
	LastError        string
	InFlight         uint64
	Latency          rpcserver.Latency
	HasLatency       bool // false: not one of Helium's, which tell how long calls took
	Refused          uint64
	Direct           uint64 // calls that came by direct links
	Streams          uint64 // that run
	ItemsSent        uint64 // items of streams that left
	ItemsReceived    uint64
	Large            uint64          // values that left and came in chunks
	LargeBytes       uint64          // of these
	Load             *rpcserver.Load // of the instance as a whole; nil: it doesn't tell
}

// quiet is how long no answer comes before all are taken to be there.
const quiet = 150 * time.Millisecond

// Ask asks everyone, and waits for answers until none comes any more, or for timeout.
func Ask(ctx context.Context, nc *nats.Conn, timeout time.Duration) (*Look, error) {
	if err := ctx.Err(); err != nil {
		return nil, err // below, an answer that comes at once would be as welcome
	}
	inbox := nc.NewInbox()
	answers := make(chan *nats.Msg, 4096)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var sub *nats.Subscription
	deaf, err := natsperm.Confirm(ctx, nc, func(subject string) bool { return subject == inbox }, func() (err error) {
		sub, err = nc.ChanSubscribe(inbox, answers)
		return err
	})
	if sub != nil {
		defer func() { _ = sub.Unsubscribe() }()
	}
	if deaf != nil {
		return nil, helium.ErrNotPermitted.WithMessage("this user may not receive answers: it may not subscribe to %s", inbox[:strings.LastIndexByte(inbox, '.')]+".>")
	}
	if err != nil {
		return nil, fmt.Errorf("asking for figures: %w", err)
	}
	subject, err := micro.ControlSubject(micro.StatsVerb, "", "")
	if err != nil {
		return nil, err
	}
	denied, err := natsperm.ConfirmPublish(ctx, nc, subject, func() error { return nc.PublishRequest(subject, inbox, nil) })
	if err != nil {
		return nil, fmt.Errorf("asking for figures: %w", err)
	}
	if denied != nil {
		return nil, ErrDenied
	}
	look := &Look{At: time.Now(), Instances: make(map[Instance]*Counts)}
	stream := ""                      // that acknowledged the question
	silence := time.NewTimer(timeout) // the first answer has all the time
	defer silence.Stop()
	for {
		select {
		case msg := <-answers:
			if len(msg.Data) == 0 && msg.Header.Get("Status") == "503" {
				return look, nil // nobody is there
			}
			if name := wire.CapturedBy(msg.Data); name != "" {
				stream = name
			}
			look.add(msg.Data, time.Now())
			silence.Reset(quiet)
		case <-silence.C:
			return look.unlessCaptured(stream, subject)
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return nil, ctx.Err()
			}
			return look.unlessCaptured(stream, subject)
		}
	}
}

// unlessCaptured returns the look, or where nobody but a JetStream stream answered, that.
func (l *Look) unlessCaptured(stream, subject string) (*Look, error) {
	if stream != "" && len(l.Instances) == 0 {
		return nil, fmt.Errorf("no instance answered: %s", wire.Captured(stream, subject))
	}
	return l, nil
}

// add takes an answer. Those that can't be read are somebody else's business.
func (l *Look) add(text []byte, at time.Time) {
	var stats micro.Stats
	if json.Unmarshal(text, &stats) != nil || stats.Name == "" || stats.ID == "" {
		return
	}
	counts := &Counts{At: at, Started: stats.Started, Endpoints: make(map[string]Endpoint)}
	for _, e := range stats.Endpoints {
		if e == nil {
			continue
		}
		endpoint := Endpoint{Requests: uint64(max(0, e.NumRequests)), Errors: uint64(max(0, e.NumErrors)), LastError: e.LastError}
		var data struct {
			InFlight uint64             `json:"in_flight"`
			Latency  *rpcserver.Latency `json:"latency_ns"`
			Refused  uint64             `json:"refused"`
			Direct   uint64             `json:"direct"`
			Streams  uint64             `json:"streams"`
			Sent     uint64             `json:"items_sent"`
			Received uint64             `json:"items_received"`
			LargeOut uint64             `json:"large_sent"`
			LargeIn  uint64             `json:"large_received"`
			BytesOut uint64             `json:"large_bytes_sent"`
			BytesIn  uint64             `json:"large_bytes_received"`
			Load     *rpcserver.Load    `json:"load"`
		}
		if json.Unmarshal(e.Data, &data) == nil && data.Latency != nil {
			endpoint.InFlight, endpoint.Latency, endpoint.HasLatency = data.InFlight, *data.Latency, true
			endpoint.Refused, endpoint.Direct, endpoint.Load = data.Refused, data.Direct, data.Load
			endpoint.Streams, endpoint.ItemsSent, endpoint.ItemsReceived = data.Streams, data.Sent, data.Received
			endpoint.Large, endpoint.LargeBytes = data.LargeOut+data.LargeIn, data.BytesOut+data.BytesIn
		}
		counts.Endpoints[e.Name] = endpoint
	}
	l.Instances[Instance{stats.Name, stats.ID}] = counts
}
