package answers

import (
	"io"
	"log/slog"
	"testing"

	"github.com/helium-rpc/helium/binder"
)

func TestOfTwoWarningsTheOneThatWasFoundOutLastHolds(t *testing.T) {
	changes := 0
	w := NewWarnings(slog.New(slog.NewTextHandler(io.Discard, nil)), "i", func() { changes++ })
	key := warningKey{"helium.r", "math"}
	for _, step := range []struct {
		revision uint64
		message  string
		want     string
		changes  int
	}{
		{2, "", "", 0},
		{4, "wrong", "wrong", 1},
		{3, "", "wrong", 1}, // found out before, told after
		{6, "wrong", "wrong", 1},
		{5, "very wrong", "wrong", 1},
		{7, "still wrong", "still wrong", 2},
		{8, "", "", 3},
		{7, "still wrong", "", 3},
	} {
		w.tell(key, step.revision, step.message)
		got := ""
		for _, warning := range w.All() {
			got += warning.Message
		}
		if got != step.want || changes != step.changes {
			t.Errorf("after revision %d, %q: got the warning %q and %d changes, want %q and %d", step.revision, step.message, got, changes, step.want, step.changes)
		}
	}
}

func TestARecordHasTheWarningsOfItsServiceAndThoseOfAll(t *testing.T) {
	w := NewWarnings(slog.New(slog.NewTextHandler(io.Discard, nil)), "i", func() {})
	w.tell(warningKey{"helium.b", ""}, 1, "all")
	w.tell(warningKey{"helium.a", "math"}, 1, "math")
	w.tell(warningKey{"helium.a", "shop"}, 1, "shop")
	got := w.AddTo(binder.Record{Service: "math"}).Warnings
	if len(got) != 2 || got[0].Message != "math" || got[1].Message != "all" {
		t.Errorf("got %+v, want those of math and of all services, sorted", got)
	}
}
