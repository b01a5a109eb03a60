package rpcclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestAnyNumberOfLargeValuesComesBackToTheProcessThatSendsThemWithinItsRoom(t *testing.T) {
	overLinks(t, func(t *testing.T, listen string) {
		env := heliumtest.New(t)
		heliumtest.ServeWith(env, rpcserver.Config{Listen: listen}, "echo", echo{})
		c := env.NewClient(long)
		linkedTo(t, c, "echo", listen, 1)
		const calls, size = 8, 4 << 20
		const free = 5 * size // of the room for arguments
		others := chunks.SendArguments(chunks.MaxArguments-free, true)
		stop, most := make(chan struct{}), make(chan [2]int64, 1)
		go func() {
			var seen [2]int64
			for tick := time.NewTicker(time.Millisecond); ; {
				select {
				case <-stop:
					tick.Stop()
					most <- seen
					return
				case <-tick.C:
					seen = [2]int64{max(seen[0], chunks.Leaving()), max(seen[1], chunks.Taken())}
				}
			}
		}()
		var all sync.WaitGroup
		for i := range calls {
			all.Go(func() {
				value := bytes.Repeat([]byte{byte(i), 1, 2}, size/3)
				got, err := rpcclient.Call[[]byte](context.Background(), c, "echo.echo", value)
				if err != nil || !bytes.Equal(got, value) {
					t.Errorf("%d bytes came back as %d, %v", len(value), len(got), err)
				}
			})
		}
		all.Wait()
		close(stop)
		if got := <-most; got[0] > chunks.MaxArguments || got[0] < chunks.MaxArguments-free+2*size || got[1] > chunks.MaxTogether {
			t.Errorf("at most %d bytes of arguments had room and %d of what came, want several values, and no more than %d and %d", got[0], got[1], chunks.MaxArguments, chunks.MaxTogether)
		}
		others.Leave()
		noRoomTaken(t)
	})
}

func TestACallWhoseArgumentsGetNoTurnEndsWithItsTimeAndCertainlyDidNotRun(t *testing.T) {
	env := heliumtest.New(t)
	srv := heliumtest.ServeWith(env, rpcserver.Config{}, "echo", echo{})
	held := chunks.SendArguments(chunks.MaxArguments, true)
	defer held.Leave()
	value := randomBytes(2 << 20)
	for name, test := range map[string]struct {
		client *rpcclient.Client
		end    func(cancel context.CancelFunc, c *rpcclient.Client)
		want   *helium.Error
	}{
		"its own deadline":   {env.NewClient(long), nil, helium.ErrDeadline},
		"the client's":       {env.NewClient(rpcclient.Config{Timeout: 300 * time.Millisecond}), func(context.CancelFunc, *rpcclient.Client) {}, helium.ErrDeadline},
		"a cancel":           {env.NewClient(long), func(cancel context.CancelFunc, _ *rpcclient.Client) { cancel() }, helium.ErrCanceled},
		"the client's close": {env.NewClient(long), func(_ context.CancelFunc, c *rpcclient.Client) { _ = c.Close() }, helium.ErrClientClosed},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		if test.end == nil {
			ctx, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := rpcclient.Call[[]byte](ctx, test.client, "echo.echo", value)
			ended <- err
		}()
		if test.end != nil {
			eventually(t, func() error {
				if got := test.client.Stats().Lookups; got == 0 {
					return errors.New("the call has found no instance yet")
				}
				return nil
			})
			test.end(cancel, test.client)
		}
		err := within(t, ended, "the end of a call that waits for its turn")
		if !errors.Is(err, test.want) || helium.OutcomeOf(err) != helium.NotExecuted {
			t.Errorf("%s: %v (%v), want %s, not executed", name, err, helium.OutcomeOf(err), test.want.Reason)
		}
		if test.want == helium.ErrDeadline && !strings.Contains(err.Error(), "waited for their turn") {
			t.Errorf("%s: %v, want an error that says what the call waited for", name, err)
		}
		cancel()
	}
	if n := srv.Stats().Calls; n != 0 {
		t.Errorf("%d calls came, want none", n)
	}
	if got := chunks.Leaving(); got != chunks.MaxArguments {
		t.Errorf("%d bytes have room, want the %d of others", got, chunks.MaxArguments)
	}
	c := env.NewClient(long)
	ended := make(chan error, 1)
	go func() {
		got, err := rpcclient.Call[[]byte](context.Background(), c, "echo.echo", value)
		if err == nil && !bytes.Equal(got, value) {
			err = fmt.Errorf("%d bytes came back as %d", len(value), len(got))
		}
		ended <- err
	}()
	held.Leave()
	if err := within(t, ended, "the end of a call that has got its turn"); err != nil {
		t.Errorf("when others have left: %v", err)
	}
	noRoomTaken(t)
}

// relay is a service that passes on what it gets.
type relay struct{ to *rpcclient.Client }

// Pass returns what so many relays behind this one return in the end.
func (r *relay) Pass(ctx context.Context, behind int, data []byte) ([]byte, error) {
	if behind == 0 {
		return data, nil
	}
	return rpcclient.Call[[]byte](ctx, r.to, "relay.pass", behind-1, data)
}

func TestHandlersThatPassOnLargeArgumentsWithinTheirProcessDoNotWaitForOneAnother(t *testing.T) {
	env := heliumtest.New(t)
	r := &relay{to: env.NewClient(long)}
	heliumtest.ServeWith(env, rpcserver.Config{}, "relay", r)
	const free = 16 << 20
	others := chunks.SendArguments(chunks.MaxArguments-free, true)
	value := randomBytes(free/4 + 1<<20) // so four are too many at once
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			got, err := rpcclient.Call[[]byte](context.Background(), r.to, "relay.pass", 1, value)
			if err != nil || !bytes.Equal(got, value) {
				t.Errorf("%d bytes came back as %d, %v", len(value), len(got), err)
			}
		})
	}
	all.Wait()
	others.Leave()
	noRoomTaken(t)
}
