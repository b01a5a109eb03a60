package ledger_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/chaos/process"
	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) {
	process.Main(func(_ context.Context, setup json.RawMessage) (process.Actor, error) {
		var file string
		if err := json.Unmarshal(setup, &file); err != nil {
			return nil, err
		}
		w, err := ledger.Create(file)
		return &clerk{w}, err
	})
	os.Exit(leak.Run(m))
}

// clerk is a process that writes entries as fast as it can.
type clerk struct{ books *ledger.Writer }

func (c *clerk) Ready() any { return nil }

func (c *clerk) Close() {}

func (c *clerk) Do(context.Context, json.RawMessage) (any, error) {
	for id := int64(1); ; id++ {
		if err := c.books.Now(ledger.Entry{Kind: ledger.Began, ID: id, At: id}); err != nil {
			return nil, err
		}
		if _, err := os.Stdout.WriteString("wrote\n"); err != nil {
			return nil, err
		}
	}
}

func TestWhatWasWrittenBeforeASIGKILLIsThereAfterItWholeAndInOrder(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "clerk"+ledger.Extension)
	child, err := process.Start(context.Background(), process.Spec{Name: "clerk", Setup: file, Limit: time.Minute}, nil)
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan error, 1)
	go func() { gone <- child.Ask(context.Background(), "write", nil) }()
	const enough = 1000 // lines that say "wrote"
	for giveUp := time.Now().Add(time.Minute); ; {
		if info, err := os.Stat(file); err == nil && info.Size() > enough*20 {
			break
		}
		if time.Now().After(giveUp) {
			t.Fatal("the clerk writes nothing")
		}
	}
	child.Kill()
	<-gone
	entries, err := ledger.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 100 {
		t.Errorf("%d entries, want many", len(entries))
	}
	for i, e := range entries {
		if want := (ledger.Entry{Kind: ledger.Began, ID: int64(i + 1), At: int64(i + 1)}); !reflect.DeepEqual(e, want) {
			t.Fatalf("entry %d is %+v, want %+v", i, e, want)
		}
	}
}

func TestEntriesOfAllFilesComeBackAsTheyWere(t *testing.T) {
	folder := t.TempDir()
	want := []ledger.Entry{
		{Kind: ledger.Called, ID: 1, At: 10, Load: "a", Meant: 9, Deadline: 20, Idempotent: true, Lookup: true},
		{Kind: ledger.Ended, ID: 1, At: 12, Code: "unavailable", Outcome: "Unknown", Error: "“gone”\n", Wrong: true, Instance: "i",
			Items: 5, Lost: 1, Doubled: 2, Foreign: 3, Answers: []ledger.Answer{{Instance: "i", Code: "ok", Outcome: "executed"}}},
		{Kind: ledger.Done, ID: 1, At: 11},
	}
	for name, entries := range map[string][]ledger.Entry{"a": want[:1], "b": want[1:]} {
		w, err := ledger.Create(filepath.Join(folder, name+ledger.Extension))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			w.Later(e)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := ledger.Read(folder); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestEntriesThatAreWrittenAtTheSameMomentAreAllThereAndEachIsWhole(t *testing.T) {
	folder := t.TempDir()
	w, err := ledger.Create(filepath.Join(folder, "a"+ledger.Extension))
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 500
	textOf := func(id int64) string { return strings.Repeat(string(rune('a'+id%26)), int(id)) } // of many lengths
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for i := range each {
				e := ledger.Entry{Kind: ledger.Done, ID: int64(writer*each + i)}
				if e.Error = textOf(e.ID); i%2 == 0 {
					w.Later(e)
				} else if err := w.Now(e); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := ledger.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[int64]bool)
	for _, e := range entries {
		if e.Error != textOf(e.ID) {
			t.Fatalf("entry %d has a text of %d bytes that isn't its own, want one of %d", e.ID, len(e.Error), e.ID)
		}
		seen[e.ID] = true
	}
	if len(entries) != writers*each || len(seen) != writers*each {
		t.Errorf("there are %d entries of %d calls, want one of each of %d", len(entries), len(seen), writers*each)
	}
}

func TestHalfALineIsAnError(t *testing.T) {
	for _, text := range []string{`{"k":"began","id":1`, "{\"k\":\"began\"}\nnonsense\n"} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "x"+ledger.Extension), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := ledger.Read(folder); err == nil || !strings.Contains(err.Error(), "line") {
			t.Errorf("%q: got %+v, %v; want an error that names the line", text, got, err)
		}
	}
}
