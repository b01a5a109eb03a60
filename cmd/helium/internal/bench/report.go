package bench

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/bench/load"
	"github.com/helium-rpc/helium/cmd/helium/internal/bench/page"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/remote"
	"github.com/helium-rpc/helium/internal/shell"
)

// report is what "helium bench -o json" writes. Times are in milliseconds.
type report struct {
	Method    string    `json:"method"`
	Signature string    `json:"signature"`
	Instances []string  `json:"instances"`
	Loop      string    `json:"loop"` // closed or open
	InFlight  int       `json:"in_flight"`
	Rate      float64   `json:"rate,omitempty"` // asked for, calls a second
	Started   time.Time `json:"started"`
	ElapsedMS float64   `json:"elapsed_ms"`

	Calls     int     `json:"calls"` // answered, in time or not
	OK        int     `json:"ok"`
	Failed    int     `json:"failed"`
	Unstarted int     `json:"unstarted"`  // never started, as all callers were busy
	PerSecond float64 `json:"per_second"` // calls that succeeded
	ErrorRate float64 `json:"error_rate"` // 0 to 1, of the calls failed or never started

	Links linkCounts `json:"links"` // by which calls left

	LatencyMS   map[string]float64 `json:"latency_ms,omitempty"` // min, mean, p50 …, max
	Errors      []errorCount       `json:"errors"`
	Histogram   []bar              `json:"histogram"`
	Timeline    []point            `json:"timeline"`
	Goals       []goal             `json:"goals,omitempty"`
	Interrupted bool               `json:"interrupted,omitempty"`

	verdicts []load.Verdict
}

type errorCount struct {
	Code    string `json:"code"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message"` // of the first
	Count   int    `json:"count"`

	code helium.Code
}

type bar struct {
	FromMS float64 `json:"from_ms"`
	ToMS   float64 `json:"to_ms"`
	Count  int     `json:"count"`
}

type point struct {
	FromMS    float64 `json:"from_ms"`
	ToMS      float64 `json:"to_ms"`
	OK        int     `json:"ok"`
	Failed    int     `json:"failed"`
	PerSecond float64 `json:"per_second"`
	P50MS     float64 `json:"p50_ms"`
	P99MS     float64 `json:"p99_ms"`
	MaxMS     float64 `json:"max_ms"`
}

type goal struct {
	Goal string `json:"goal"`
	Got  string `json:"got"`
	Met  bool   `json:"met"`
	By   string `json:"missed_by,omitempty"`
}

// shownBars is how many bars a histogram on a terminal has.
const shownBars = 12

func newReport(m *remote.Method, r *load.Result, goals []load.Goal) *report {
	report := &report{
		Method: m.Name(), Signature: m.Record.Signature, Loop: "closed",
		InFlight: r.Plan.InFlight, Rate: r.Plan.Rate, Started: r.Started.UTC(), ElapsedMS: amount.InMS(r.Elapsed),
		Calls: r.Calls(), OK: r.OK, Failed: r.Failed, Unstarted: r.Unstarted,
		PerSecond: r.PerSecond(), ErrorRate: r.ErrorRate(),
		Errors: []errorCount{}, Histogram: []bar{}, Timeline: []point{}, Interrupted: r.Cut,
	}
	for _, record := range m.Records {
		report.Instances = append(report.Instances, record.Instance)
	}
	if r.Plan.Open() {
		report.Loop = "open"
	}
	if r.OK > 0 {
		report.LatencyMS = map[string]float64{"min": amount.InMS(r.Min()), "mean": amount.InMS(r.Mean()), "max": amount.InMS(r.Max())}
		for _, p := range page.Percentiles {
			report.LatencyMS[fmt.Sprintf("p%g", p)] = amount.InMS(r.Percentile(p))
		}
	}
	for _, e := range r.Errors {
		report.Errors = append(report.Errors, errorCount{e.Code.String(), e.Reason, e.Message, e.Count, e.Code})
	}
	for _, b := range r.Bars(shownBars) {
		report.Histogram = append(report.Histogram, bar{amount.InMS(b.From), amount.InMS(b.To), b.Count})
	}
	for _, p := range r.Timeline {
		report.Timeline = append(report.Timeline, point{
			amount.InMS(p.From), amount.InMS(p.To), p.OK, p.Failed, p.PerSecond(), amount.InMS(p.P50), amount.InMS(p.P99), amount.InMS(p.Max),
		})
	}
	for _, g := range goals {
		v := g.Check(r)
		report.verdicts = append(report.verdicts, v)
		report.Goals = append(report.Goals, goal(v))
	}
	return report
}

// missed returns the error of goals that weren't reached, each with how far it was.
func (b *report) missed() error {
	var missed []string
	for _, v := range b.verdicts {
		if !v.Met {
			missed = append(missed, fmt.Sprintf("%s, measured %s: %s", v.Goal, v.Got, v.By))
		}
	}
	if missed == nil {
		return nil
	}
	return cli.Fail(cli.ExitThreshold, shell.Line("helium", "why", b.Method), errors.New("missed "+strings.Join(missed, "; ")))
}

// nothingWell is the error of a measurement in which no call succeeded: its figures are of
// nothing, whatever its goals said.
func (b *report) nothingWell(m *remote.Method) error {
	switch {
	case b.OK > 0:
		return nil
	case len(b.Errors) == 0:
		return cli.Fail(cli.ExitUsage, "", errors.New("it was over before a call was answered; give a longer -z"))
	}
	most := b.Errors[0]
	e := helium.Errorf(most.code, "no call succeeded; %d of %d failed with: %s", most.Count, b.Failed, cmp.Or(most.Message, most.Code))
	e.Reason, e.Service, e.Method = most.Reason, m.Service, m.Record.Name
	exit := cli.ExitOfCall(e)
	if exit == cli.ExitInternal {
		exit, e.Outcome = cli.ExitMethod, helium.Executed // where nobody answers, the reason is Helium's
	}
	return cli.Fail(exit, "", e)
}

// writePage writes the report of --html and closes its file, if there is one.
func (b *report) writePage(file *os.File, r *load.Result) error {
	if file == nil {
		return nil
	}
	facts := []page.Fact{
		{Name: "signature", Text: b.Signature},
		{Name: "instances", Text: strings.Join(b.Instances, ", ")},
		{Name: "load", Text: b.loadInWords(r)},
		{Name: "link", Text: b.Links.String()},
		{Name: "began", Text: b.Started.Format(time.RFC1123)},
	}
	var err error
	if at, failed := file.Stat(); failed == nil && at.Mode().IsRegular() {
		err = file.Truncate(0)
	}
	if err == nil {
		err = page.Write(file, page.Page{Title: b.Method, Facts: facts, Result: r, Verdicts: b.verdicts})
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("--html %s: %w", file.Name(), err)
	}
	return nil
}

// loadInWords says what was measured: "32 calls in flight, for 10s".
func (b *report) loadInWords(r *load.Result) string {
	text := fmt.Sprintf("%d in flight", b.InFlight)
	if r.Plan.Open() {
		text = fmt.Sprintf("%s calls a second, %d in flight at most", amount.Number(b.Rate), b.InFlight)
	}
	return text + fmt.Sprintf(", %v", amount.Time(r.Elapsed))
}
