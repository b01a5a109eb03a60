package report

import (
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// logFrom is from what ratio of its ends an axis is logarithmic.
const logFrom = 20

// panels draws a plot for each column: a line over X, or a bar for each case.
func (c *Curve) panels() (panels []*plot.Plot, err error) {
	for i, column := range c.Columns {
		if column.Hidden {
			continue
		}
		y := column.Name
		if column.Unit != "" {
			y += ", " + column.Unit
		}
		title := ""
		if len(panels) == 0 {
			title = c.Title
		}
		p := newPlot(title, c.X, y)
		if c.X == "" {
			err = c.bars(p, i)
		} else {
			p.Y.Tick.Marker = plain{}
			err = c.line(p, i)
		}
		if err != nil {
			return nil, err
		}
		panels = append(panels, p)
	}
	return panels, nil
}

func (c *Curve) line(p *plot.Plot, column int) error {
	var xys plotter.XYs
	positive := true
	for _, point := range c.Points {
		xys = append(xys, plotter.XY{X: point.X, Y: point.Values[column]})
		positive = positive && finite(point.Values[column])
	}
	if len(xys) == 0 {
		return nil
	}
	if err := addLine(p, xys, lineStyle(0, true)); err != nil {
		return err
	}
	p.X.Tick.Marker = plain{}
	if finite(p.X.Min) && p.X.Max/p.X.Min >= logFrom {
		logX(p)
	}
	if positive && p.Y.Max/p.Y.Min >= logFrom {
		logY(p)
	} else {
		p.Y.Min, p.Y.Max = min(0, p.Y.Min), p.Y.Max*1.1 // what looks like a slope is one
	}
	if p.Y.Min == p.Y.Max {
		p.Y.Max++
	}
	return nil
}

// bars draws a bar to the right for each case, the first one on top.
func (c *Curve) bars(p *plot.Plot, column int) error {
	var values plotter.Values
	var names []string
	for _, point := range slices.Backward(c.Points) {
		values = append(values, point.Values[column])
		names = append(names, point.Label+strings.Repeat("\u00a0", 4)) // spaces that SVG keeps, for wider fonts than ours
	}
	if len(values) == 0 {
		return nil
	}
	bars, err := plotter.NewBarChart(values, vg.Points(14))
	if err != nil {
		return err
	}
	bars.Horizontal = true
	bars.Color = lineStyle(0, true).Color
	bars.LineStyle.Width = 0
	p.Add(bars)
	p.NominalY(names...)
	p.X.Label.Text, p.Y.Label.Text = p.Y.Label.Text, ""
	p.Y.Min, p.Y.Max = -0.6, float64(len(values))-0.4
	p.X.Min, p.X.Max = 0, max(slices.Max(values)*1.25, 1e-9) // room for the numbers
	p.X.Tick.Marker = plain{}
	texts := plotter.XYLabels{}
	for i, v := range values {
		texts.XYs = append(texts.XYs, plotter.XY{X: v, Y: float64(i)})
		texts.Labels = append(texts.Labels, number(v))
	}
	labels, err := plotter.NewLabels(texts)
	if err != nil {
		return err
	}
	labels.Offset.X, labels.Offset.Y = vg.Points(4), -vg.Points(4)
	p.Add(labels)
	return nil
}
