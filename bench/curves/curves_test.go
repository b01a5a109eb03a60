package curves

import (
	"log/slog"
	"os"
	"testing"

	"github.com/helium-rpc/helium/internal/leak"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(leak.Run(m))
}

func TestWithoutCoalescingEachCallIsAMessage(t *testing.T) {
	for _, coalesce := range []bool{true, false} {
		l, err := in(func(sys *system) (l load, err error) {
			if _, err := sys.serve(rpcserver.Config{}, adder(serviceName(0), 1, nil)); err != nil {
				return l, err
			}
			call, clients, err := callers(sys, coalesce, 64)
			if err != nil {
				return l, err
			}
			// On a machine that stands still, calls seem to take long, and calls that
			// take long share no messages for a while.
			for range 20 {
				if l, err = keep(size{quick: true}, 64, call, clients...); err != nil || !coalesce || l.perMessage > 1 {
					break
				}
			}
			return l, err
		})
		if err != nil {
			t.Fatal(err)
		}
		if shared := l.perMessage > 1; shared != coalesce {
			t.Errorf("with coalescing %v, a message carried %.2f calls", coalesce, l.perMessage)
		}
	}
}

func TestQuickCurvesHaveAValueForEachColumn(t *testing.T) {
	for _, c := range all() {
		t.Run(c.name, func(t *testing.T) {
			curve, err := c.measure(size{quick: true})
			if err != nil {
				t.Fatal(err)
			}
			if len(curve.Points) < 2 || curve.Title == "" || curve.Notes == "" {
				t.Errorf("got %d points, title %q, notes %q; want at least two points, and to be told what they are", len(curve.Points), curve.Title, curve.Notes)
			}
			for _, p := range curve.Points {
				if len(p.Values) != len(curve.Columns) {
					t.Errorf("point %v %q has %d values, want %d", p.X, p.Label, len(p.Values), len(curve.Columns))
				}
			}
		})
	}
}
