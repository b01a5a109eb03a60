package presence

import (
	"context"
	"log/slog"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus/broker"
)

func TestWhatWasDroppedIsKnownWhenTheSubscriptionsHaveEnded(t *testing.T) {
	b, err := broker.Start(context.Background(), broker.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for name, end := range map[string]func(*Subscriptions){
		"they are left":            func(s *Subscriptions) { s.Leave(context.Background()) },
		"the connection is closed": func(s *Subscriptions) { s.Dropped(); s.NC.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			nc, err := b.Connect("test")
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			nc.SetErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})
			s := &Subscriptions{NC: nc, Inbound: make(chan *nats.Msg, 1)}
			for _, subject := range []string{"a", "b"} {
				if err := s.join(subject, ""); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				if err := nc.Publish("a", nil); err != nil {
					t.Fatal(err)
				}
			}
			if err := nc.Flush(); err != nil {
				t.Fatal(err)
			}
			<-s.Inbound // so that there is room, as there is in a server that receives
			end(s)
			if got := s.Dropped(); got != 2 {
				t.Errorf("%d messages were dropped, want 2", got)
			}
		})
	}
}
