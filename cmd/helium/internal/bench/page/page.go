package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/bench/load"
)

// Page is what is shown.
type Page struct {
	// Title is what was called, such as "math.add".
	Title string
	// Facts stand under the title, in order: the command, the server, the instances.
	Facts []Fact
	// Result is what was measured.
	Result *load.Result
	// Verdicts are how it did by its goals, if it had any.
	Verdicts []load.Verdict
}

// Fact is a line of text with its name.
type Fact struct{ Name, Text string }

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"count":   count,
	"time":    func(d time.Duration) string { return amount.Time(d) },
	"percent": func(share float64) string { return strings.TrimSuffix(amount.Share(share), "%") + " %" },
}).Parse(pageText))

// row is a line of the table of latencies.
type row struct {
	Name string
	Time time.Duration
}

// Write writes the page.
func Write(w io.Writer, p Page) error {
	r := p.Result
	rows := []row{{"min", r.Min()}, {"mean", r.Mean()}}
	for _, pct := range Percentiles {
		rows = append(rows, row{fmt.Sprintf("p%g", pct), r.Percentile(pct)})
	}
	rows = append(rows, row{"max", r.Max()})
	return page.Execute(w, struct {
		Page
		Rows                           []row
		Quantiles, Histogram, Timeline template.HTML
	}{p, rows, quantileChart(r), histogramChart(r), timelineChart(r)})
}
