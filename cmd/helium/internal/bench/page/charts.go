package page

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/bench/load"
)

// chart collects the elements of one SVG.
type chart struct{ b strings.Builder }

func newChart(title string) *chart {
	c := &chart{}
	fmt.Fprintf(&c.b, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, width, height, template.HTMLEscapeString(title))
	return c
}

// html returns the SVG. Every text in it was escaped when it was added.
func (c *chart) html() template.HTML { return template.HTML(c.b.String() + "</svg>") }

func (c *chart) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&c.b, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
}

// text writes at a point; anchor is start, middle or end.
func (c *chart) text(class, anchor string, x, y float64, text string) {
	fmt.Fprintf(&c.b, `<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`, class, anchor, x, y, template.HTMLEscapeString(text))
}

// yAxis draws an axis on the left with lines across, or on the right without.
func (c *chart) yAxis(a axis, class string, onRight bool, label func(float64) string) {
	for _, v := range a.ticks() {
		y := a.y(v)
		if onRight {
			c.text(class, "start", rightEdge+labelGap, y+4, label(v))
			continue
		}
		c.line("grid", left, y, rightEdge, y)
		c.text(class, "end", left-labelGap, y+4, label(v))
	}
}

func (c *chart) path(class string, points [][2]float64) {
	c.b.WriteString(`<path class="` + class + `" d="`)
	for i, p := range points {
		letter := "L"
		if i == 0 {
			letter = "M"
		}
		fmt.Fprintf(&c.b, "%s%.1f %.1f", letter, p[0], p[1])
	}
	c.b.WriteString(`"/>`)
}

// Percentiles are those that reports list.
var Percentiles = []float64{50, 75, 90, 95, 99, 99.9, 99.99}

// quantileChart draws the latency over the percentile, whose axis grows by nines: each
// step to the right is ten times rarer.
func quantileChart(r *load.Result) template.HTML {
	if r.OK == 0 {
		return ""
	}
	nines := math.Max(1, math.Min(5, math.Log10(float64(r.OK))))
	x := axis{low: 0, high: nines}
	y := axis{low: float64(r.Min()) * 0.9, high: float64(r.Max()) * 1.1, logarithmic: true}
	c := newChart("latency by percentile")
	c.yAxis(y, "", false, timeLabel)
	for _, pct := range slices.Concat([]float64{0}, Percentiles, []float64{99.999}) {
		if at := -math.Log10(1 - pct/100); at <= nines {
			c.text("", "middle", x.x(at), baseline+20, fmt.Sprintf("p%g", pct))
			c.line("grid", x.x(at), top, x.x(at), baseline)
		}
	}
	const steps = 200
	var points [][2]float64
	for i := range steps + 1 {
		at := nines * float64(i) / steps
		pct := 100 * (1 - math.Pow(10, -at))
		points = append(points, [2]float64{x.x(at), y.y(float64(max(r.Percentile(pct), r.Min())))})
	}
	c.path("one", points)
	return c.html()
}

// histogramChart draws how many calls took how long.
func histogramChart(r *load.Result) template.HTML {
	bars := r.Bars(60)
	if bars == nil {
		return ""
	}
	most := 0
	for _, b := range bars {
		most = max(most, b.Count)
	}
	y := linear(float64(most))
	x := axis{low: float64(bars[0].From), high: float64(bars[len(bars)-1].To), logarithmic: true}
	c := newChart("calls by latency")
	c.yAxis(y, "", false, countLabel)
	for _, v := range x.ticks() {
		c.text("", "middle", x.x(v), baseline+20, timeLabel(v))
	}
	for _, b := range bars {
		if b.Count == 0 {
			continue
		}
		from, to := x.x(float64(b.From)), x.x(float64(b.To))
		if len(bars) == 1 {
			from, to = left, rightEdge
		}
		h := baseline - y.y(float64(b.Count))
		fmt.Fprintf(&c.b, `<rect class="bar" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s to %s: %s</title></rect>`,
			from, baseline-h, max(to-from-1, 1), h, timeLabel(float64(b.From)), timeLabel(float64(b.To)), count(b.Count))
	}
	return c.html()
}

// timelineChart draws calls a second and p99 over time.
func timelineChart(r *load.Result) template.HTML {
	points := thin(r.Timeline, 300)
	if len(points) < 2 {
		return ""
	}
	mostCalls, mostTime := 0.0, time.Duration(0)
	for _, p := range points {
		mostCalls, mostTime = max(mostCalls, p.PerSecond()), max(mostTime, p.P99)
	}
	calls, times := linear(mostCalls), linear(float64(mostTime))
	x := axis{high: r.Elapsed.Seconds()}
	c := newChart("calls a second and p99 over time")
	c.yAxis(calls, "of-one", false, countLabel)
	c.yAxis(times, "of-two", true, timeLabel)
	for _, v := range x.ticks() {
		c.text("", "middle", x.x(v), baseline+20, countLabel(v)+"s")
	}
	c.text("of-one", "start", left, top-4, "calls a second")
	c.text("of-two", "end", rightEdge, top-4, "p99")
	var rate, p99 [][2]float64
	for _, p := range points {
		at := x.x((p.From + p.To).Seconds() / 2)
		rate = append(rate, [2]float64{at, calls.y(p.PerSecond())})
		p99 = append(p99, [2]float64{at, times.y(float64(p.P99))})
	}
	c.path("one", rate)
	c.path("two", p99)
	return c.html()
}

// thin joins neighbours until at most n points are left, and leaves out a last one that
// is too short to tell a rate.
func thin(points []load.Point, n int) []load.Point {
	if k := len(points); k > 2 && points[k-1].To-points[k-1].From < (points[0].To-points[0].From)/2 {
		points = points[:k-1]
	}
	for len(points) > n {
		var joined []load.Point
		for pair := range slices.Chunk(points, 2) {
			p := pair[0]
			for _, q := range pair[1:] {
				p.To, p.OK, p.Failed = q.To, p.OK+q.OK, p.Failed+q.Failed
				p.P50, p.P99, p.Max = max(p.P50, q.P50), max(p.P99, q.P99), max(p.Max, q.Max)
			}
			joined = append(joined, p)
		}
		points = joined
	}
	return points
}
