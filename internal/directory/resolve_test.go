package directory

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnAnswerThatComesWithTheDeadlineIsTakenOrTheErrorSaysThatTimeIsOver(t *testing.T) {
	for range 50 { // either may be first
		synctest.Test(t, func(t *testing.T) {
			s := New(Config{}).Service("math", true)
			under := newLookup()
			s.lookups[""] = under
			const both = time.Second
			go func() {
				time.Sleep(both)
				s.replace(answer(1, "a"), time.Now())
				under.end(nil)
			}()
			now := time.Now()
			view, err := s.Resolve(context.Background(), now, now.Add(both))
			if (view == nil) == (err == nil) {
				t.Fatalf("Resolve = %v, %v; want a view or an error", view, err)
			}
		})
	}
}
