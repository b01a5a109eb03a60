package binder

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
)

func TestABinderThatMayNotAnswerSaysOnceWhatToSet(t *testing.T) {
	t.Parallel()
	for name, user := range map[string]broker.User{
		"no answer":  {Publish: broker.Subjects{Allow: []string{"$JS.>", "$KV.>", "helium.>"}}},
		"one answer": {Responses: 1, Publish: broker.Subjects{Allow: []string{"$JS.>", "$KV.>", "helium.>"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			user.Name, user.Password = "binder", "pw"
			b := startBroker(t, broker.Config{Users: []broker.User{user}})
			heard := make(chan error, 100)
			nc := connectWith(t, b, bus.Config{Name: "binder", User: "binder", Password: "pw", Options: []nats.Option{
				nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { heard <- err }),
			}})
			var log lines
			reg := startBinder(t, nc, Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			asker := connectWith(t, b, bus.Config{Name: "asker"})
			refused := user.Responses == 0
			for range 3 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				if !refused {
					if _, err := asker.RequestWithContext(ctx, "helium.binder.list", nil); err != nil {
						t.Errorf("the answer that allow_responses covers: %v", err)
					}
				} else if err := asker.PublishRequest("helium.binder.list", asker.NewInbox(), nil); err != nil {
					t.Error(err)
				} else {
					select {
					case <-heard: // the handler that was there before hears it, too
					case <-ctx.Done():
						t.Error("no refusal came")
					}
				}
				cancel()
			}
			reg.Close()
			want := 0
			if refused {
				want = 1
			}
			if n := log.count("allow_responses: true"); n != want {
				t.Errorf("the log says what to set %d times, want %d: %s", n, want, log.String())
			}
		})
	}
}
