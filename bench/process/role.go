package process

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/helium-rpc/helium/bench/measure"
	"github.com/helium-rpc/helium/bench/peers"
)

// setUpTimeout bounds what a child does before it is ready.
const setUpTimeout = 20 * time.Second

// part is what a child runs.
type part struct {
	address string
	client  peers.Client // nil unless it makes calls
	calls   map[peers.Payload]peers.Call
	traffic *peers.Traffic // of the client
	closers []func() error // last first
}

func (p *part) onClose(f func() error) { p.closers = append(p.closers, f) }

func (p *part) close() (err error) {
	for i := len(p.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, p.closers[i]())
	}
	return err
}

// Main does nothing in a process that is no child. In a child it does what the parent
// asks for and never returns. It belongs at the top of main, and of TestMain.
func Main() {
	role, isChild := os.LookupEnv(environment)
	if !isChild {
		return
	}
	if err := runChild(role, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runChild(role string, stdin io.Reader, stdout io.Writer) error {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	var setup Setup
	if err := json.Unmarshal([]byte(role), &setup); err != nil {
		return fmt.Errorf("bench: %s isn't for people; it says %q: %w", environment, role, err)
	}
	out := json.NewEncoder(markedLines{stdout})
	p, err := setUp(setup)
	if err != nil {
		return errors.Join(out.Encode(Reply{Error: err.Error()}), p.close())
	}
	if err := out.Encode(Reply{Address: p.address}); err != nil {
		return errors.Join(err, p.close())
	}
	return errors.Join(p.serve(stdin, out), p.close())
}

// markedLines marks each line, of which json.Encoder writes one at a time.
type markedLines struct{ io.Writer }

func (m markedLines) Write(b []byte) (int, error) {
	if _, err := m.Writer.Write(append([]byte(marker), b...)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// setUp makes the part that a role wants. After an error it still has what to close.
func setUp(setup Setup) (*part, error) {
	ctx, cancel := context.WithTimeout(context.Background(), setUpTimeout)
	defer cancel()
	p := new(part)
	if setup.Role == Broker {
		b, err := p.startBroker(ctx, "127.0.0.1:0")
		if err == nil {
			p.address = b.URL()
		}
		return p, err
	}
	peer, err := peers.ByName(setup.Peer)
	if err != nil {
		return p, err
	}
	switch setup.Role {
	case Server:
		return p, p.startServer(ctx, peer, peers.Loopback("", setup.Broker))
	case Client:
		return p, p.startClient(ctx, peer, peers.Loopback(setup.Address, setup.Broker))
	case Whole:
		return p, p.startWhole(ctx, peer)
	}
	return p, fmt.Errorf("bench: there is no role %q", setup.Role)
}

// serve carries out commands until there are no more.
func (p *part) serve(stdin io.Reader, out *json.Encoder) error {
	in := json.NewDecoder(bufio.NewReader(stdin))
	for {
		var command Command
		err := in.Decode(&command)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("bench: reading commands: %w", err)
		}
		reply, err := p.do(command)
		if err != nil {
			reply = Reply{Error: err.Error()}
		}
		if err := out.Encode(reply); err != nil {
			return err
		}
	}
}

func (p *part) do(command Command) (Reply, error) {
	if command.Do == Use {
		usage := p.usage()
		return Reply{Usage: &usage}, nil
	}
	if p.client == nil {
		return Reply{}, fmt.Errorf("%q is for clients", command.Do)
	}
	call, err := p.call(command.Payload)
	if err != nil {
		return Reply{}, err
	}
	switch command.Do {
	case Closed:
		sample := measure.Closed(call, command.InFlight, command.Duration)
		return Reply{Sample: &sample}, nil
	case Open:
		sample := measure.Open(call, command.Rate, command.Duration)
		return Reply{Sample: &sample}, nil
	case Fail:
		return Reply{Failures: Failures(call, command.Count)}, nil
	}
	return Reply{}, fmt.Errorf("there is no command %q", command.Do)
}

// call returns the call of a payload, always the same one.
func (p *part) call(payload peers.Payload) (peers.Call, error) {
	if call := p.calls[payload]; call != nil {
		return call, nil
	}
	call, err := p.client.Caller(payload)
	if err != nil {
		return nil, err
	}
	if p.calls == nil {
		p.calls = make(map[peers.Payload]peers.Call)
	}
	p.calls[payload] = call
	return call, nil
}

// usage returns what this process used, and the client's own counts.
func (p *part) usage() measure.Usage {
	u := measure.Self()
	if p.traffic != nil {
		u.BytesIn, u.BytesOut = p.traffic.Bytes()
	}
	if counting, ok := p.client.(interface {
		Messages() (calls, messages uint64)
	}); ok {
		u.Frames, u.Messages = counting.Messages()
	}
	return u
}
