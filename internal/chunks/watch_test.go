package chunks

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAnEndThatStandsStillOrDripsIsGivenUp(t *testing.T) {
	for name, test := range map[string]struct {
		step func(w *Watch, second int)
		want time.Duration
	}{
		"nothing moves":               {func(*Watch, int) {}, Stall},
		"a byte a second":             {func(w *Watch, second int) { w.Moved(second) }, Stall},
		"what makes headway for 30 s": {func(w *Watch, second int) { w.Moved(min(second, 30) * Headway / 2) }, 30*time.Second + Stall},
		"who only lives":              {func(w *Watch, second int) { w.Lives() }, patience + Stall - time.Second},
		"who lives for 20 s, and then not": {func(w *Watch, second int) {
			if second <= 20 {
				w.Lives()
			}
		}, 20*time.Second + Stall},
		"who lives, and makes headway then": {func(w *Watch, second int) {
			if second <= 50 {
				w.Lives()
			}
			if second == 50 {
				w.Moved(Headway)
			}
		}, 50*time.Second + Stall},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			w := NewWatch()
			defer w.Stop()
			for second := 1; ; second++ {
				select {
				case <-w.Stalled():
					if got := time.Since(began); got != test.want {
						t.Errorf("%s: it is given up after %v, want %v", name, got, test.want)
					}
					return
				case <-time.After(time.Second):
					if second > 1000 {
						t.Fatalf("%s: it isn't given up", name)
					}
					test.step(w, second)
				}
			}
		})
	}
}
