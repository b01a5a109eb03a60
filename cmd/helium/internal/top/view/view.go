package view

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/top/figures"
)

// The marks of the column that rows are sorted by.
const (
	sortedDown = " ▼"
	sortedUp   = " ▲"
)

// View draws the table: a line of what is looked at, the rows that fit, and the keys.
func (m *model) View() tea.View {
	lines := m.head()
	lines = append(lines, m.body()...)
	foot := m.foot()
	// What is left stays empty, so that the keys stand still.
	for len(lines)+len(foot) < m.height {
		lines = append(lines, "")
	}
	lines = append(lines, foot...)
	lines = lines[:min(len(lines), max(1, m.height))]
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], m.width, "…")
	}
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	v.DisableBracketedPasteMode = true // what is pasted isn't for anybody here
	return v
}

// head returns the lines above the table, without the line of a trouble if it has none.
func (m *model) head() []string {
	calls, inFlight := 0.0, uint64(0)
	for _, r := range m.rows {
		calls += r.Calls
		inFlight += r.InFlight
	}
	parts := []string{fmt.Sprintf("%s calls/s, %d in flight", amount.Rate(calls), inFlight)}
	switch {
	case m.paused:
		parts = append(parts, "paused")
	case m.after != nil:
		parts = append(parts, m.after.At.Format(time.TimeOnly))
	}
	parts = append(parts, m.config.Clean(m.config.Where()))
	lines := []string{m.bold("helium top") + gap + strings.Join(parts, gap)}
	if m.problem != nil {
		lines = append(lines, "No figures now: "+m.config.Clean(m.problem.Error()))
	}
	if m.height > 6 {
		lines = append(lines, "")
	}
	return lines
}

// body returns the table, or why there is none.
func (m *model) body() []string {
	switch {
	case m.before == nil && m.problem != nil:
		return nil
	case m.before == nil: // rates need two looks
		return []string{"Looking…"}
	case len(m.rows) == 0 && len(m.config.Services) > 0:
		return []string{"No instance answers of: " + m.config.Clean(strings.Join(m.config.Services, ", "))}
	case len(m.rows) == 0:
		return []string{"No service answers. To serve an example: helium serve math"}
	}
	columns := Columns(figures.Groupings[m.by])
	for i := range columns {
		c := &columns[i]
		c.Title = strings.ToUpper(c.Title)
		if c.Order != "" && c.Order == m.order {
			c.Title += m.mark()
		}
	}
	cells := make([][]string, len(m.rows))
	for i, r := range m.rows {
		for _, c := range columns {
			cells[i] = append(cells[i], m.config.Clean(c.Cell(r)))
		}
	}
	table := fit(columns, cells, m.width, m.order)
	lines := []string{m.bold(table.line(table.titles()))}
	for i := m.first; i < len(m.rows) && i < m.first+m.room(); i++ {
		lines = append(lines, table.line(table.cells[i]))
	}
	return lines
}

// mark says which way rows are sorted. Names go from a to z at first, all else from most
// to least.
func (m *model) mark() string {
	if (m.order == "name") != m.reversed {
		return sortedUp
	}
	return sortedDown
}

// foot returns the lines below the table: which rows are shown if not all are, and keys.
func (m *model) foot() []string {
	if m.height < 4 {
		return nil
	}
	h := m.help
	where := ""
	if room := m.room(); len(m.rows) > room {
		where = fmt.Sprintf("%d-%d of %d", m.first+1, min(m.first+room, len(m.rows)), len(m.rows))
	}
	if m.allKeys {
		h.ShowAll = true
		h.SetWidth(m.width)
		lines := strings.Split(h.View(m.keys), "\n")
		return append([]string{where}, lines...)
	}
	if where != "" {
		where += gap
	}
	h.SetWidth(max(1, m.width-len(where)))
	return []string{where + h.View(m.keys)}
}

// room returns how many rows can be shown at a time.
func (m *model) room() int {
	taken := 1 + len(m.head()) // the titles, and what is above them
	switch {
	case m.height < 4:
	case m.allKeys:
		longest := 0
		for _, group := range m.keys.FullHelp() {
			longest = max(longest, len(group))
		}
		taken += 1 + longest
	default:
		taken++
	}
	return max(1, m.height-taken)
}

func (m *model) bold(s string) string {
	if m.config.Plain {
		return s
	}
	return lipgloss.NewStyle().Bold(true).Render(s)
}
