package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bench/measure"
	"github.com/helium-rpc/helium/bench/peers"
	"github.com/helium-rpc/helium/bench/report"
)

func same(v float64) measure.Spread { return measure.Spread{Median: v, Low: v, High: v} }

// row is a row in which nothing but what is given is better or worse than in another.
func row(table report.Table, peer string, inFlight int, perSecond, p99 float64) report.Row {
	return report.Row{
		Table: table, Peer: peer, Payload: peers.Add, InFlight: inFlight,
		PerSecond: same(perSecond), P50: same(50), P99: same(p99), P999: same(p99), CPU: 5, Bytes: 60, Allocs: 2,
	}
}

func sample() *report.Report {
	overloaded := row(report.SameRate, "grpc", 0, 20_000, 10)
	overloaded.Rate, overloaded.Part, overloaded.Late = 50_000, 0.5, 0.4
	helium := row(report.SameRate, "helium", 0, 50_000, 400)
	helium.Rate, helium.Part = 50_000, 0.5
	return &report.Report{
		Machine:  report.ThisMachine(),
		Settings: report.Settings{Duration: time.Second, Rounds: 3},
		Rows: []report.Row{
			row(report.Calls, "helium", 1, 4000, 300), row(report.Calls, "helium-call", 1, 9000, 100),
			row(report.Calls, "grpc", 1, 8000, 150), row(report.Calls, "nats", 1, 4010, 300),
			row(report.Calls, "helium", 256, 100_000, 900), row(report.Calls, "grpc", 256, 25_000, 9000),
			row(report.Calls, "nats", 256, 50_000, 600),
			helium, overloaded,
		},
		Gone: []report.Gone{{Peer: "helium", Fresh: time.Millisecond, First: 2 * time.Millisecond, Worst: 3 * time.Second, Later: 90 * time.Microsecond, Error: "no instance\nsecond line"},
			{Peer: "nats", Fresh: time.Millisecond, First: 3 * time.Millisecond, Worst: 3 * time.Millisecond, Later: 30 * time.Microsecond, Error: "no responders"}},
		Curves: []report.Curve{
			{Name: "methods", Title: "Many methods", X: "methods", Columns: []report.Column{{Name: "calls a second"}, {Name: "p99", Unit: "ms", Hidden: true}},
				Points: []report.Point{{X: 1, Values: []float64{1000, 0}}, {X: 1000, Values: []float64{900, 2}}}},
			{Name: "cases", Title: "Two cases", Columns: []report.Column{{Name: "calls a second"}},
				Points: []report.Point{{Label: "on", Values: []float64{12}}, {Label: "off", Values: []float64{0}}}},
		},
	}
}

func TestLossesAreWhereAnotherPeerIsBetterTheWorstFirst(t *testing.T) {
	var got []string
	for _, l := range sample().Losses() {
		got = append(got, strings.Join([]string{l.Peer, l.What, l.Load}, "|"))
		if l.Ratio <= 1 {
			t.Errorf("%+v has a ratio of at most 1", l)
		}
	}
	// Not helium-call, which is Helium; not nats' 4,010 calls/s, which are no more than
	// 4,000; not what can't keep up.
	want := []string{"nats|later|nobody serves", "grpc|calls/s|1 in flight", "grpc|p99|1 in flight", "nats|p99|256 in flight"}
	if !slices.Equal(got, want) {
		t.Errorf("losses are %q, want %q", got, want)
	}
}

func TestTablesShowTheFastestFirstAndMarkWhatCannotKeepUp(t *testing.T) {
	var text bytes.Buffer
	if err := sample().Text(&text); err != nil {
		t.Fatal(err)
	}
	page := text.String()
	first, second := strings.Index(page, "100,000"), strings.Index(page, "25,000")
	if first < 0 || second < first {
		t.Errorf("100,000 calls/s don't come before 25,000:\n%s", page)
	}
	for _, want := range []string{"can't keep up", "Where Helium loses", "2.00", "no instance", "Many methods", "900"} {
		if !strings.Contains(page, want) {
			t.Errorf("the tables don't have %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "second line") {
		t.Error("an error of two lines broke its row")
	}
}

func TestFailedCallsAreSaidInTheirRow(t *testing.T) {
	r := sample()
	r.Rows[0].Failed, r.Rows[0].Error = 7, "busy | or not"
	var text, page bytes.Buffer
	if err := errors.Join(r.Text(&text), r.Markdown(&page, "charts", nil)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "7 failed: busy | or not") {
		t.Errorf("the failures aren't in the table:\n%s", text.String())
	}
	if !strings.Contains(page.String(), `busy \| or not`) {
		t.Error("a bar in an error makes a column of its own")
	}
}

func TestMarkdownRowsHaveAsManyCellsAsTheirHead(t *testing.T) {
	var page bytes.Buffer
	if err := sample().Markdown(&page, "charts", []string{"calls"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "(charts/calls.svg)") {
		t.Error("the page doesn't show the chart")
	}
	cells := 0
	for line := range strings.Lines(page.String()) {
		n := strings.Count(line, "|")
		if n > 0 && cells > 0 && n != cells {
			t.Errorf("%q has %d bars, want %d as above it", line, n, cells)
		}
		cells = n
	}
}

func TestChartsAreSVGAndThereIsOneForEachThing(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "charts")
	names, err := sample().Charts(folder)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"calls", "p99", "cpu", "curve-methods", "curve-cases"}; !slices.Equal(names, want) {
		t.Errorf("charts are %q, want %q", names, want)
	}
	for _, name := range names {
		f, err := os.Open(filepath.Join(folder, name+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		elements, decoder := 0, xml.NewDecoder(f)
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s isn't XML: %v", name, err)
			}
			if _, ok := token.(xml.StartElement); ok {
				elements++
			}
		}
		if elements < 10 {
			t.Errorf("%s has %d elements; want a chart", name, elements)
		}
	}
}

func TestAReportOfNothingHasNoTablesAndNoCharts(t *testing.T) {
	r := new(report.Report)
	var text bytes.Buffer
	if err := r.Text(&text); err != nil || text.Len() > 0 {
		t.Errorf("got %q, %v; want nothing", text.String(), err)
	}
	if names, err := r.Charts(t.TempDir()); err != nil || len(names) > 0 {
		t.Errorf("got charts %q, %v; want none", names, err)
	}
}
