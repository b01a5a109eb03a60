package report

// Curve is what something costs as something else grows, or in several cases.
type Curve struct {
	Name  string // of its file and chart
	Title string
	X     string // what the points' X counts; "" where they are cases, by their Label
	Notes string `json:",omitempty"` // how it was measured
	// Columns say what Values are, in the same order.
	Columns []Column
	Points  []Point
}

// Column is one thing that was measured at each point.
type Column struct {
	Name string
	Unit string
	// Hidden columns stand in the table and not in the chart.
	Hidden bool `json:",omitempty"`
}

// Point is what was measured at one X or in one case.
type Point struct {
	X      float64
	Label  string `json:",omitempty"`
	Values []float64
}
