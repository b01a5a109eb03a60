package report

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/helium-rpc/helium/bench/peers"
)

// The plotting library takes its fonts from variables.
func init() {
	plot.DefaultFont.Variant = "Sans"
	plotter.DefaultFont.Variant = "Sans"
}

const (
	chartWidth  = 8 * vg.Inch
	chartHeight = 5 * vg.Inch
)

// Charts draws what the report has, a file each, into a folder, which it makes. It
// returns their names without ".svg", in the order in which people read them.
func (r *Report) Charts(folder string) (names []string, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	save := func(name string, panels []*plot.Plot) error {
		if len(panels) == 0 {
			return nil
		}
		names = append(names, name)
		return savePanels(filepath.Join(folder, name+".svg"), panels)
	}
	for _, c := range []struct {
		name, title, y string
		table          Table
		of             func(*Row) float64
	}{
		{"calls", "How many calls a second: two floats, separate processes", "calls/s", Calls, func(r *Row) float64 { return r.PerSecond.Median }},
		{"p99", "How long the slowest 1 % take: two floats, separate processes", "p99, µs", Calls, func(r *Row) float64 { return r.P99.Median }},
		{"cpu", "CPU time of a call, all processes together", "CPU, µs/call", Calls, func(r *Row) float64 { return r.CPU }},
		{"calls-one-process", "How many calls a second: two floats, one process", "calls/s", Process, func(r *Row) float64 { return r.PerSecond.Median }},
	} {
		p, err := r.overInFlight(c.table, c.title, c.y, c.of)
		if err != nil {
			return names, fmt.Errorf("bench: chart %s: %w", c.name, err)
		}
		if p == nil {
			continue
		}
		if err := save(c.name, []*plot.Plot{p}); err != nil {
			return names, err
		}
	}
	for i := range r.Curves {
		c := &r.Curves[i]
		panels, err := c.panels()
		if err != nil {
			return names, fmt.Errorf("bench: chart %s: %w", c.Name, err)
		}
		if err := save("curve-"+c.Name, panels); err != nil {
			return names, err
		}
	}
	return names, nil
}

// overInFlight draws a line for each peer over the calls in flight; nil if there are none.
func (r *Report) overInFlight(table Table, title, y string, of func(*Row) float64) (*plot.Plot, error) {
	lines := make(map[string]plotter.XYs)
	var order []string
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Table != table || of(row) <= 0 {
			continue
		}
		if lines[row.Peer] == nil {
			order = append(order, row.Peer)
		}
		lines[row.Peer] = append(lines[row.Peer], plotter.XY{X: float64(row.InFlight), Y: of(row)})
	}
	if len(order) == 0 {
		return nil, nil
	}
	p := newPlot(title, "calls in flight", y)
	logX(p)
	logY(p)
	var ends []label
	for i, peer := range order {
		xys := lines[peer]
		slices.SortFunc(xys, func(a, b plotter.XY) int { return int(a.X - b.X) })
		style := lineStyle(i, peers.IsHelium(peer))
		if err := addLine(p, xys, style); err != nil {
			return nil, err
		}
		ends = append(ends, label{peer, xys[len(xys)-1], style.Color})
	}
	return p, addLabels(p, ends)
}

// lineStyle gives Helium's lines weight and one hue, and the others each its own.
func lineStyle(i int, ours bool) draw.LineStyle {
	hues := []color.Color{
		color.RGBA{0x1f, 0x77, 0xb4, 0xff}, color.RGBA{0x2c, 0xa0, 0x2c, 0xff}, color.RGBA{0x94, 0x67, 0xbd, 0xff},
		color.RGBA{0x8c, 0x56, 0x4b, 0xff}, color.RGBA{0xe3, 0x77, 0xc2, 0xff}, color.RGBA{0x7f, 0x7f, 0x7f, 0xff},
		color.RGBA{0xbc, 0xbd, 0x22, 0xff}, color.RGBA{0x17, 0xbe, 0xcf, 0xff},
	}
	if !ours {
		return draw.LineStyle{Color: hues[i%len(hues)], Width: vg.Points(1.5)}
	}
	style := draw.LineStyle{Color: color.RGBA{0xd6, 0x27, 0x28, 0xff}, Width: vg.Points(3)}
	if i > 0 {
		style.Width = vg.Points(2)
		style.Dashes = []vg.Length{vg.Points(float64(8 / i)), vg.Points(3)}
	}
	return style
}

func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.TextStyle.Font.Size = vg.Points(14)
	p.Title.Padding = vg.Points(8)
	p.BackgroundColor = color.White
	grid := plotter.NewGrid()
	grid.Vertical.Color = color.Gray{0xe0}
	grid.Horizontal.Color = color.Gray{0xe0}
	p.Add(grid)
	return p
}

func addLine(p *plot.Plot, xys plotter.XYs, style draw.LineStyle) error {
	line, points, err := plotter.NewLinePoints(xys)
	if err != nil {
		return err
	}
	line.LineStyle = style
	points.GlyphStyle = draw.GlyphStyle{Color: style.Color, Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}
	p.Add(line, points)
	return nil
}

// savePanels writes plots beside each other, two in a line, as one SVG file.
func savePanels(file string, panels []*plot.Plot) error {
	columns := min(len(panels), 2)
	rows := (len(panels) + columns - 1) / columns
	grid := make([][]*plot.Plot, rows)
	for i := range grid {
		grid[i] = make([]*plot.Plot, columns)
		copy(grid[i], panels[i*columns:min((i+1)*columns, len(panels))])
	}
	width, height := chartWidth, chartHeight
	if len(panels) > 1 {
		width, height = vg.Length(columns)*6*vg.Inch, vg.Length(rows)*4*vg.Inch
	}
	canvas := vgsvg.New(width, height)
	tiles := draw.Tiles{Rows: rows, Cols: columns, PadX: vg.Points(24), PadY: vg.Points(16), PadTop: vg.Points(8), PadBottom: vg.Points(8), PadLeft: vg.Points(8), PadRight: vg.Points(8)}
	for i, line := range plot.Align(grid, tiles, draw.New(canvas)) {
		for j, area := range line {
			if grid[i][j] != nil {
				grid[i][j].Draw(area)
			}
		}
	}
	var svg bytes.Buffer
	if _, err := canvas.WriteTo(&svg); err != nil {
		return err
	}
	// Where Liberation Sans isn't, the others have letters of the same width.
	data := bytes.ReplaceAll(svg.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"))
	return os.WriteFile(file, data, 0o644)
}

// finite says whether a log axis can show a value.
func finite(v float64) bool { return v > 0 && !math.IsInf(v, 0) && !math.IsNaN(v) }
