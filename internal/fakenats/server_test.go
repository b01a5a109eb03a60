package fakenats_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/fakenats"
)

func TestRequestsAreAnsweredOnceAndWhereNobodyListensThatIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fakenats.New()
		a, b := s.Connect(t, "a"), s.Connect(t, "b")
		answered := 0
		for range 2 {
			if _, err := a.QueueSubscribe("x.*", "q", func(m *nats.Msg) { answered++; _ = m.Respond(m.Data) }); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Flush(); err != nil {
			t.Fatal(err)
		}
		m, err := b.Request("x.y", []byte("hello"), time.Second)
		if err != nil || string(m.Data) != "hello" || answered != 1 {
			t.Errorf("Request = %+v, %v, answered by %d; want it once", m, err, answered)
		}
		if _, err := b.Request("x", nil, time.Second); !errors.Is(err, nats.ErrNoResponders) {
			t.Errorf("a request to nobody: %v, want ErrNoResponders", err)
		}
		s.Freeze("a")
		if _, err := b.Request("x.y", nil, time.Second); !errors.Is(err, nats.ErrTimeout) {
			t.Errorf("a request to who is frozen: %v, want a timeout", err)
		}
		s.Thaw("a")
		synctest.Wait()
		if answered != 2 {
			t.Errorf("%d answers after the thaw, want 2", answered)
		}
		s.Kill("a")
		synctest.Wait()
		if _, err := b.Request("x.y", nil, time.Second); !errors.Is(err, nats.ErrNoResponders) {
			t.Errorf("a request to who is gone: %v, want ErrNoResponders", err)
		}
		a.Close()
		b.Close()
		s.Close()
	})
}
