package report

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// scale ticks an axis at 1, 2 and 5 of each power of ten, or at powers alone where
// that would be too many, with numbers as people write them.
type scale struct{}

func (scale) Ticks(low, high float64) (ticks []plot.Tick) {
	steps := []float64{1, 2, 5}
	if high/low > 2e3 {
		steps = []float64{1}
	}
	for power := math.Floor(math.Log10(low)); power <= math.Ceil(math.Log10(high)); power++ {
		for _, step := range steps {
			if v := step * math.Pow(10, power); v >= low && v <= high {
				ticks = append(ticks, plot.Tick{Value: v, Label: short(v)})
			}
		}
	}
	return ticks
}

// plain ticks a linear axis with the same numbers.
type plain struct{}

func (plain) Ticks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i := range ticks {
		if ticks[i].Label != "" {
			ticks[i].Label = short(ticks[i].Value)
		}
	}
	return ticks
}

// short writes 20000 as "20k".
func short(v float64) string {
	text := func(v float64, suffix string) string {
		return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".") + suffix
	}
	switch a := math.Abs(v); {
	case a >= 1e6:
		return text(v/1e6, "M")
	case a >= 1e3:
		return text(v/1e3, "k")
	}
	return text(v, "")
}

func logX(p *plot.Plot) { p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, scale{} }
func logY(p *plot.Plot) { p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, scale{} }

// label is a line's name at its end.
type label struct {
	text  string
	at    plotter.XY
	color color.Color
}

// addLabels names lines at their right ends, moved apart where they would overlap, and
// makes room for the names. The axes must be logarithmic.
func addLabels(p *plot.Plot, labels []label) error {
	slices.SortFunc(labels, func(a, b label) int { return int(math.Copysign(1, a.at.Y-b.at.Y)) })
	apart := math.Pow(p.Y.Max/p.Y.Min, 0.045) // a line of text, as a ratio
	for i := 1; i < len(labels); i++ {
		labels[i].at.Y = max(labels[i].at.Y, labels[i-1].at.Y*apart)
	}
	p.Y.Max = max(p.Y.Max, labels[len(labels)-1].at.Y*1.05)
	right := p.X.Max
	p.X.Max = right * math.Pow(max(right/p.X.Min, 2), 0.22)
	for _, l := range labels {
		names, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: right, Y: l.at.Y}}, Labels: []string{l.text}})
		if err != nil {
			return err
		}
		names.TextStyle[0].Color = l.color
		names.TextStyle[0].Font.Size = vg.Points(10)
		names.Offset.X, names.Offset.Y = vg.Points(7), -vg.Points(3)
		p.Add(names)
	}
	return nil
}
