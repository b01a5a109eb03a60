package report

import (
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
		p.Y.Tick.Marker = plain{}
		if c.X == "" {
			err = c.bars(p, i)
		} else {
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

func (c *Curve) bars(p *plot.Plot, column int) error {
	var values plotter.Values
	var names []string
	for _, point := range c.Points {
		values = append(values, point.Values[column])
		names = append(names, point.Label)
	}
	if len(values) == 0 {
		return nil
	}
	bars, err := plotter.NewBarChart(values, vg.Points(28))
	if err != nil {
		return err
	}
	bars.Color = lineStyle(0, true).Color
	bars.LineStyle.Width = 0
	p.Add(bars)
	p.NominalX(names...)
	p.Y.Min = 0
	return nil
}
