package view

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/helium-rpc/helium/cmd/helium/internal/top/figures"
	"github.com/helium-rpc/helium/rpcserver"
)

// look makes figures of services, each with one method on one instance: of the i-th one,
// counted from 0, i calls a second.
func look(at time.Time, services int, seconds int) *figures.Look {
	l := &figures.Look{At: at, Instances: make(map[figures.Instance]*figures.Counts)}
	for i := range services {
		l.Instances[figures.Instance{Service: fmt.Sprintf("service%02d", i), ID: fmt.Sprintf("instance%02d", i)}] = &figures.Counts{
			At: at,
			Endpoints: map[string]figures.Endpoint{"run": {
				Requests: uint64(i * seconds), Errors: uint64((services - i) * seconds), InFlight: uint64(i),
			}},
		}
	}
	return l
}

// table is a model with two looks at so many services.
func table(services, width, height int) *model {
	m := newModel(context.Background(), Config{
		Look:  func(context.Context) (*figures.Look, error) { return nil, errors.New("not asked by this test") },
		Where: func() string { return "nats://127.0.0.1:4222" },
		By:    "method", Sort: "calls", Interval: time.Second, Plain: true,
	})
	m.Update(tea.WindowSizeMsg{Width: width, Height: height})
	now := time.Now()
	m.Update(looked{look: look(now, services, 1)})
	m.Update(looked{look: look(now.Add(time.Second), services, 2)})
	return m
}

// press presses keys, by the names that Bubble Tea gives them.
func press(m *model, names ...string) (ended bool) {
	special := map[string]rune{
		"up": tea.KeyUp, "down": tea.KeyDown, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown,
		"home": tea.KeyHome, "end": tea.KeyEnd, "tab": tea.KeyTab, "esc": tea.KeyEscape, "space": tea.KeySpace,
	}
	for _, name := range names {
		k := tea.KeyPressMsg{Text: name}
		switch code, ok := special[name]; {
		case ok:
			k = tea.KeyPressMsg{Code: code}
		case strings.HasPrefix(name, "ctrl+"):
			k = tea.KeyPressMsg{Code: rune(name[len(name)-1]), Mod: tea.ModCtrl}
		default:
			k.Code = []rune(name)[0]
		}
		if _, cmd := m.Update(k); cmd != nil {
			_, quits := cmd().(tea.QuitMsg)
			ended = ended || quits
		}
	}
	return ended
}

func lines(m *model) []string { return strings.Split(ansi.Strip(m.View().Content), "\n") }

// services returns the services that are shown, from top to bottom.
func services(m *model) (found []string) {
	for _, line := range lines(m) {
		if strings.HasPrefix(line, "service") && len(line) > 9 && line[7] >= '0' && line[7] <= '9' {
			found = append(found, line[:9])
		}
	}
	return found
}

func TestKeysSortAndASecondTimeTheOtherWayRound(t *testing.T) {
	m := table(4, 120, 24)
	up := []string{"service00", "service01", "service02", "service03"}
	down := []string{"service03", "service02", "service01", "service00"}
	for _, step := range []struct {
		key    string
		want   []string
		marked string
	}{
		{"", down, "CALLS/S ▼"},
		{"c", up, "CALLS/S ▲"},
		{"c", down, "CALLS/S ▼"},
		{"e", up, "ERRORS/S ▼"},
		{"i", down, "IN FLIGHT ▼"},
		{"n", up, "SERVICE ▲"},
		{"r", down, "SERVICE ▼"},
		{"n", up, "SERVICE ▲"},
		{"5", up, "P50 ▼"}, // nobody has one, so names decide
		{"9", up, "P99 ▼"},
	} {
		if step.key != "" {
			press(m, step.key)
		}
		if got := services(m); !slices.Equal(got, step.want) {
			t.Errorf("after %q: got %q, want %q", step.key, got, step.want)
		}
		if shown := strings.Join(lines(m), "\n"); !strings.Contains(shown, step.marked) {
			t.Errorf("after %q: got\n%s\nwant %q in it", step.key, shown, step.marked)
		}
	}
}

func TestRowsThatDontFitAreScrolledTo(t *testing.T) {
	m := table(40, 120, 14)
	press(m, "n")
	room := len(services(m))
	if room < 8 || room > 12 {
		t.Fatalf("a terminal of 14 lines shows %d rows, want some 10", room)
	}
	for _, step := range []struct {
		keys  string
		first int
	}{
		{"", 0}, {"up", 0}, {"down", 1}, {"j", 2}, {"k", 1}, {"pgdown", 1 + room}, {"pgup", 1},
		{"end", 40 - room}, {"down", 40 - room}, {"pgdown", 40 - room}, {"home", 0}, {"G", 40 - room}, {"g", 0}, {"pgup", 0},
	} {
		if step.keys != "" {
			press(m, step.keys)
		}
		got, all := services(m), strings.Join(lines(m), "\n")
		if want := fmt.Sprintf("service%02d", step.first); len(got) != room || got[0] != want {
			t.Errorf("after %q: %d rows from %q, want %d from %s", step.keys, len(got), got, room, want)
		}
		if want := fmt.Sprintf("%d-%d of 40", step.first+1, step.first+room); !strings.Contains(all, want) {
			t.Errorf("after %q: got\n%s\nwant %q in it", step.keys, all, want)
		}
	}
	// A terminal that grows, and instances that go, leave no empty screen behind.
	press(m, "end")
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 30})
	if got := services(m); got[len(got)-1] != "service39" || len(got) <= room {
		t.Errorf("after the terminal grew: got %q, want more rows up to service39", got)
	}
	m.Update(looked{look: look(time.Now().Add(2*time.Second), 3, 3)})
	if got := services(m); !slices.Equal(got, []string{"service00", "service01", "service02"}) {
		t.Errorf("with three services left: got %q, want them", got)
	}
}

func TestATableFitsEveryTerminal(t *testing.T) {
	for _, by := range groupings {
		for width := 1; width <= 160; width += 1 + width/8 {
			for _, height := range []int{1, 3, 4, 8, 24} {
				for _, order := range []string{"calls", "p50", "inflight", "name"} {
					m := table(30, width, height)
					m.by, m.order = by, order
					m.arrange()
					shown := lines(m)
					if len(shown) != height {
						t.Fatalf("by %s, %d by %d: got %d lines, want as many as the terminal has", by, width, height, len(shown))
					}
					for _, line := range shown {
						if ansi.StringWidth(line) > width {
							t.Fatalf("by %s, %d by %d: %q is too wide", by, width, height, line)
						}
					}
				}
			}
		}
	}
}

func TestANarrowTerminalKeepsWhatSaysMost(t *testing.T) {
	for _, test := range []struct {
		width    int
		sort     string
		has, not string
	}{
		{120, "calls", "SERVICE METHOD INSTANCES CALLS/S P50 P99 ERRORS/S CALLS ERRORS", ""},
		{80, "calls", "SERVICE METHOD CALLS/S P50 P99 ERRORS/S", "INSTANCES"},
		{60, "calls", "SERVICE METHOD CALLS/S P99 ERRORS/S", "INSTANCES"},
		{40, "calls", "SERVICE METHOD CALLS/S P99", "P50"},
		{46, "inflight", "SERVICE METHOD CALLS/S FLIGHT", "P50"},
		{24, "calls", "CALLS/S ▼", "P99"},
		{18, "calls", "CALLS/S ▼", "P99"},
		{20, "errors", "ERRORS/S ▼", "CALLS/S"},
		{20, "inflight", "IN FLIGHT ▼", "CALLS/S"},
		{20, "p50", "P50 ▼", "CALLS/S"},
		{20, "p99", "P99 ▼", "CALLS/S"},
		{30, "name", "▲ CALLS/S", "P99"},
	} {
		m := table(3, test.width, 20)
		m.order = test.sort
		m.arrange()
		titles := lines(m)[2]
		has := strings.Fields(titles)
		for _, want := range strings.Fields(test.has) {
			if !slices.Contains(has, want) {
				t.Errorf("%d wide: got %q, want %s in it", test.width, titles, want)
			}
		}
		if test.not != "" && slices.Contains(has, test.not) {
			t.Errorf("%d wide: got %q, want no %s", test.width, titles, test.not)
		}
	}
}

func TestTheGroupingIsChangedByAKey(t *testing.T) {
	m := table(3, 160, 20)
	for _, want := range []struct{ title, not string }{
		{"SERVICE INSTANCES", "METHOD"}, {"SERVICE INSTANCE", "METHOD"}, {"SERVICE METHOD INSTANCE", "INSTANCES"}, {"SERVICE METHOD INSTANCES", "INSTANCE"},
	} {
		press(m, "tab")
		titles := strings.Fields(lines(m)[2])
		for _, title := range strings.Fields(want.title) {
			if !slices.Contains(titles, title) {
				t.Errorf("got %q, want %q", titles, title)
			}
		}
		if slices.Contains(titles, want.not) {
			t.Errorf("got %q, want no %q", titles, want.not)
		}
	}
}

func TestOfInstancesTheLoadIsShown(t *testing.T) {
	m := table(2, 180, 20)
	at := time.Now().Add(5 * time.Second)
	telling := look(at, 2, 5)
	telling.Instances[figures.Instance{Service: "service01", ID: "instance01"}].Endpoints["run"] = figures.Endpoint{
		Requests: 100, HasLatency: true, Refused: 7,
		Load: &rpcserver.Load{Running: 12, MayRun: 64, Waiting: 345, WaitingBytes: 1 << 20, SchedulerLatency: 2100 * time.Microsecond},
	}
	m.Update(looked{look: telling})
	press(m, "tab", "tab") // by service, by instance
	shown := strings.Join(lines(m), "\n")
	for _, want := range []string{"REFUSED/S", "RUNNING", "12/64", "WAITING", "345", "SCHEDULER", "2.1ms"} {
		if !strings.Contains(shown, want) {
			t.Errorf("got\n%s\nwant %q in it", shown, want)
		}
	}
	press(m, "tab") // all
	if shown := strings.Join(lines(m), "\n"); strings.Contains(shown, "SCHEDULER") {
		t.Errorf("of methods of an instance got\n%s\nwant no load in it", shown)
	}
}

func TestAPauseKeepsWhatIsShownAndEndsWithALook(t *testing.T) {
	m := table(3, 120, 20)
	press(m, "space")
	if shown := strings.Join(lines(m), "\n"); !strings.Contains(shown, "paused") {
		t.Errorf("got\n%s\nwant it to say that it is paused", shown)
	}
	if _, cmd := m.Update(due{}); cmd != nil {
		t.Error("a look began in a pause")
	}
	if _, cmd := m.Update(tea.KeyPressMsg{Code: tea.KeySpace}); cmd == nil || !m.looking {
		t.Error("the end of the pause began no look")
	}
}

func TestEachWayOutEndsTheTable(t *testing.T) {
	for _, key := range []string{"q", "Q", "esc", "ctrl+c", "ctrl+d"} {
		if !press(table(1, 80, 24), key) {
			t.Errorf("%s didn't end the table", key)
		}
	}
	for _, key := range []string{"x", "c", "down", "?"} {
		if press(table(1, 80, 24), key) {
			t.Errorf("%s ended the table", key)
		}
	}
}

func TestTheTableSaysWhatItWaitsForAndWhatFailed(t *testing.T) {
	m := newModel(context.Background(), Config{Where: func() string { return "" }, By: "method", Sort: "calls", Plain: true})
	shown := func() string { return strings.Join(lines(m), "\n") }
	if got := shown(); !strings.Contains(got, "Looking") {
		t.Errorf("got\n%s\nwant it to say that it looks", got)
	}
	now := time.Now()
	m.Update(looked{look: look(now, 0, 1)})
	m.Update(looked{look: look(now.Add(time.Second), 0, 1)})
	if got := shown(); !strings.Contains(got, "No service answers") {
		t.Errorf("got\n%s\nwant it to say that nobody answers", got)
	}
	m.Update(looked{look: look(now.Add(2*time.Second), 2, 1)})
	m.Update(looked{err: errors.New("the broker is away")})
	if got := shown(); !strings.Contains(got, "No figures now: the broker is away") || !strings.Contains(got, "service01") {
		t.Errorf("got\n%s\nwant the trouble, and the last rows", got)
	}
	m.Update(looked{look: look(now.Add(3*time.Second), 2, 1)})
	if got := shown(); strings.Contains(got, "No figures now") {
		t.Errorf("got\n%s\nwant no trouble any more", got)
	}
}

func TestWhatOthersWroteIsCleanedBeforeItIsDrawn(t *testing.T) {
	m := table(1, 120, 20)
	m.config.Clean = func(s string) string { return strings.ReplaceAll(s, "\x1b", "<esc>") }
	m.config.Where = func() string { return "nats://\x1b[31m" }
	evil := look(time.Now(), 1, 1)
	evil.Instances[figures.Instance{Service: "e\x1b[2Jvil", ID: "\x1b]0;x\a"}] = &figures.Counts{Endpoints: map[string]figures.Endpoint{"m\x1b[31m": {}}}
	m.Update(looked{look: evil})
	m.Update(looked{err: errors.New("bad\x1b[5m")})
	for _, order := range []string{"n", "tab", "tab", "tab"} {
		press(m, order)
		if got := m.View().Content; strings.Contains(got, "\x1b") {
			t.Errorf("got %q, want no escape sequence of anybody else's", got)
		}
	}
}
