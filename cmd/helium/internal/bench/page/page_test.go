package page_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/bench/load"
	"github.com/helium-rpc/helium/cmd/helium/internal/bench/page"
)

func measured(t *testing.T, plan load.Plan, call load.Call) *load.Result {
	t.Helper()
	result, err := load.Run(t.Context(), plan, call)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func rendered(t *testing.T, p page.Page) string {
	t.Helper()
	var b strings.Builder
	if err := page.Write(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestThePageNeedsNothingFromElsewhere(t *testing.T) {
	text := rendered(t, page.Page{Title: "math.add", Result: measured(t, load.Plan{Calls: 100}, func(context.Context) error { return nil })})
	for _, pattern := range []string{`(?i)<script`, `(?i)<link`, `(?i)<img`, `(?i)src=`, `(?i)href=`, `(?i)url\(`, `(?i)@import`, `https?://`} {
		if found := regexp.MustCompile(pattern).FindString(text); found != "" {
			t.Errorf("the page has %q; want nothing that a browser would fetch or run", found)
		}
	}
}

func TestThePageShowsFiguresChartsGoalsAndErrors(t *testing.T) {
	var n atomic.Int64
	var result *load.Result
	synctest.Test(t, func(t *testing.T) {
		result = measured(t, load.Plan{Duration: 200 * time.Millisecond, InFlight: 2}, func(context.Context) error {
			time.Sleep(time.Millisecond)
			if n.Add(1)%5 == 0 {
				return errors.New("an odd <error>")
			}
			return nil
		})
	})
	goals, err := load.ParseGoals("p50<1h,err<1%")
	if err != nil {
		t.Fatal(err)
	}
	text := rendered(t, page.Page{
		Title: "math.add", Result: result, Facts: []page.Fact{{Name: "command", Text: "helium bench math.add '<2>'"}},
		Verdicts: []load.Verdict{goals[0].Check(result), goals[1].Check(result)},
	})
	for _, want := range []string{
		"<h1>math.add</h1>", "helium bench math.add &#39;&lt;2&gt;&#39;", "calls a second", "p99.9",
		"an odd &lt;error&gt;", "met", "missed: ", "latency by percentile", "calls by latency", "over time",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Error("the page has a coordinate that is no number")
	}
	svgs := regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(text, -1)
	if len(svgs) != 3 {
		t.Errorf("%d charts, want 3", len(svgs))
	}
	for _, svg := range svgs {
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("a chart isn't well-formed: %v\n%s", err, svg)
			}
		}
	}
}

func TestAPageOfFailuresOnlyHasNoCharts(t *testing.T) {
	text := rendered(t, page.Page{Title: "math.add", Result: measured(t, load.Plan{Calls: 3}, func(context.Context) error { return errors.New("no") })})
	if strings.Contains(text, "latency by percentile") || strings.Contains(text, "NaN") {
		t.Error("a page without latencies draws some")
	}
	if !strings.Contains(text, "100 %") {
		t.Error("the page doesn't say that all calls failed")
	}
}

func TestOneCallMakesAPage(t *testing.T) {
	text := rendered(t, page.Page{Title: "math.add", Result: measured(t, load.Plan{Calls: 1}, func(context.Context) error { return nil })})
	if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Error("the page has a coordinate that is no number")
	}
}
