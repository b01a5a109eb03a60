package view

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

const (
	// gap stands between two columns.
	gap = "   "
	// narrowName is what a column of names is cut to before a column of numbers goes.
	narrowName = 12
	// narrowest is what it is cut to once no number is left that may go, and before
	// calls/s goes where rows are sorted by another number. Then names take what is left.
	narrowest = 4
)

// layout is the columns that fit, and how wide each is.
type layout struct {
	columns []Column
	widths  []int
	cells   [][]string // a slice a row, a cell a column
}

// fit lays cells out in a width. Where they don't fit, names are cut first, then the
// columns go that say least, and at last names are cut as far as it takes. The column that
// rows are sorted by stays.
func fit(columns []Column, cells [][]string, width int, order string) layout {
	l := layout{columns: columns, cells: cells}
	l.measure()
	l.shrink(width, narrowName, func(c Column) bool { return c.drop > 0 && !c.sortedBy(order) })
	if slices.ContainsFunc(columns, func(c Column) bool { return c.Number && c.sortedBy(order) }) {
		l.shrink(width, narrowest, func(c Column) bool { return c.Number && !c.sortedBy(order) })
	}
	l.shrink(width, narrowest, never)
	l.shrink(width, 1, never)
	return l
}

func never(Column) bool { return false }

// shrink makes all fit, as far as it goes by cutting names to a least width and by taking
// away columns that may go.
func (l *layout) shrink(width, least int, mayGo func(Column) bool) {
	for l.shrinkNames(width, least); l.width() > width && l.dropOne(mayGo); l.shrinkNames(width, least) {
		l.measure()
	}
}

// measure makes each column as wide as what stands in it.
func (l *layout) measure() {
	l.widths = make([]int, len(l.columns))
	for i, c := range l.columns {
		l.widths[i] = ansi.StringWidth(c.Title)
		for _, row := range l.cells {
			l.widths[i] = max(l.widths[i], ansi.StringWidth(row[i]))
		}
	}
}

func (l *layout) width() int {
	sum := len(gap) * (len(l.widths) - 1)
	for _, w := range l.widths {
		sum += w
	}
	return sum
}

// shrinkNames cuts the widest names, down to a least width each, until all fits.
func (l *layout) shrinkNames(width, least int) {
	for over := l.width() - width; over > 0; over-- {
		widest := -1
		for i, c := range l.columns {
			if !c.Number && l.widths[i] > least && (widest < 0 || l.widths[i] > l.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		l.widths[widest]--
	}
}

// dropOne takes the column away that says least of those that may go, if one may.
func (l *layout) dropOne(mayGo func(Column) bool) bool {
	least := -1
	for i, c := range l.columns {
		if mayGo(c) && (least < 0 || c.drop > l.columns[least].drop) {
			least = i
		}
	}
	if least < 0 {
		return false
	}
	without := layout{}
	for i, c := range l.columns {
		if i != least {
			without.columns = append(without.columns, c)
		}
	}
	for _, row := range l.cells {
		without.cells = append(without.cells, append(append([]string{}, row[:least]...), row[least+1:]...))
	}
	*l = without
	return true
}

// titles returns the cells of the first line.
func (l *layout) titles() []string {
	titles := make([]string, len(l.columns))
	for i, c := range l.columns {
		titles[i] = c.Title
	}
	return titles
}

// line puts cells into their columns.
func (l *layout) line(cells []string) string {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteString(gap)
		}
		cell = ansi.Truncate(cell, l.widths[i], "…")
		space := strings.Repeat(" ", l.widths[i]-ansi.StringWidth(cell))
		if l.columns[i].Number {
			b.WriteString(space + cell)
		} else {
			b.WriteString(cell + space)
		}
	}
	return strings.TrimRight(b.String(), " ")
}
