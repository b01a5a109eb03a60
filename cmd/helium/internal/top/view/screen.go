package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/help"
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

// screen is what is shown, and what of it.
type screen struct {
	config Config
	keys   keyMap
	help   help.Model

	before, after *figures.Look
	problem       error // of the last look

	by, order string
	reversed  bool
	paused    bool
	allKeys   bool

	rows          []figures.Row // as shown, in their order
	first         int           // the row that is shown first
	width, height int
}

func newScreen(config Config) screen {
	if config.Clean == nil {
		config.Clean = func(s string) string { return s }
	}
	if config.SaidOf == nil {
		config.SaidOf = figures.Told
	}
	s := screen{config: config, keys: newKeyMap(), help: help.New(), by: config.By, order: config.Sort, width: 80, height: 24}
	if config.Plain {
		s.help.Styles = help.Styles{}
	}
	return s
}

// sortBy sorts by an order, and the other way round if it is that one already.
func (s *screen) sortBy(order string) {
	s.reversed = order == s.order && !s.reversed
	s.order = order
	s.first = 0
	s.arrange()
}

// arrange makes rows of the last two looks.
func (s *screen) arrange() {
	s.rows = nil
	if s.after == nil {
		return
	}
	s.rows = figures.Of(figures.Rows(s.before, s.after, figures.Groupings[s.by]), s.config.Services)
	figures.Sort(s.rows, figures.Orders[s.order])
	if s.reversed {
		slices.Reverse(s.rows)
	}
	s.scroll(0)
}

// scroll moves the rows that are shown, as far as there are any.
func (s *screen) scroll(by int) {
	s.first = max(0, min(s.first+by, len(s.rows)-s.room()))
}

// View draws the table: a line of what is looked at, the rows that fit, and the keys.
func (s *screen) View() tea.View {
	lines := s.head()
	lines = append(lines, s.body()...)
	foot := s.foot()
	// What is left stays empty, so that the keys stand still.
	for len(lines)+len(foot) < s.height {
		lines = append(lines, "")
	}
	lines = append(lines, foot...)
	lines = lines[:min(len(lines), max(1, s.height))]
	for i := range lines {
		lines[i] = ansi.Truncate(lines[i], s.width, "…")
	}
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen = true
	v.DisableBracketedPasteMode = true // what is pasted isn't for anybody here
	return v
}

// head returns the lines above the table, without the lines of troubles if it has none.
func (s *screen) head() []string {
	calls, inFlight := 0.0, uint64(0)
	for _, r := range s.rows {
		calls += r.Calls
		inFlight += r.InFlight
	}
	parts := []string{fmt.Sprintf("%s calls/s, %d in flight", amount.Rate(calls), inFlight)}
	switch {
	case s.paused:
		parts = append(parts, "paused")
	case s.after != nil:
		parts = append(parts, s.after.At.Format(time.TimeOnly))
	}
	parts = append(parts, s.config.Clean(s.config.Where()))
	lines := []string{s.bold("helium top") + gap + strings.Join(parts, gap)}
	if s.problem != nil {
		lines = append(lines, "No figures now: "+s.config.Clean(s.problem.Error()))
	}
	if silent := s.config.SaidOf(figures.Silent(s.before, s.after, s.config.Services)); silent != "" {
		lines = append(lines, s.config.Clean(silent))
	}
	if s.height > 6 {
		lines = append(lines, "")
	}
	return lines
}

// body returns the table, or why there is none.
func (s *screen) body() []string {
	switch {
	case s.before == nil && s.problem != nil:
		return nil
	case s.before == nil: // rates need two looks
		return []string{"Looking…"}
	case len(s.rows) == 0 && len(s.config.Services) > 0:
		return []string{"No instance answers of: " + s.config.Clean(strings.Join(s.config.Services, ", "))}
	case len(s.rows) == 0:
		return []string{"No service answers. To serve an example: helium serve math"}
	}
	columns := Columns(figures.Groupings[s.by])
	for i := range columns {
		c := &columns[i]
		c.Title = strings.ToUpper(c.Title)
		if c.Order != "" && c.Order == s.order {
			c.Title += s.mark()
		}
	}
	cells := make([][]string, len(s.rows))
	for i, r := range s.rows {
		for _, c := range columns {
			cells[i] = append(cells[i], s.config.Clean(c.Cell(r)))
		}
	}
	table := fit(columns, cells, s.width, s.order)
	lines := []string{s.bold(table.line(table.titles()))}
	for i := s.first; i < len(s.rows) && i < s.first+s.room(); i++ {
		lines = append(lines, table.line(table.cells[i]))
	}
	return lines
}

// mark says which way rows are sorted. Names go from a to z at first, all else from most
// to least.
func (s *screen) mark() string {
	if (s.order == "name") != s.reversed {
		return sortedUp
	}
	return sortedDown
}

// foot returns the lines below the table: which rows are shown if not all are, and keys.
func (s *screen) foot() []string {
	if s.height < 4 {
		return nil
	}
	h := s.help
	where := ""
	if room := s.room(); len(s.rows) > room {
		where = fmt.Sprintf("%d-%d of %d", s.first+1, min(s.first+room, len(s.rows)), len(s.rows))
	}
	if s.allKeys {
		h.ShowAll = true
		h.SetWidth(s.width)
		lines := strings.Split(h.View(s.keys), "\n")
		return append([]string{where}, lines...)
	}
	if where != "" {
		where += gap
	}
	h.SetWidth(max(1, s.width-len(where)))
	return []string{where + h.View(s.keys)}
}

// room returns how many rows can be shown at a time.
func (s *screen) room() int {
	taken := 1 + len(s.head()) // the titles, and what is above them
	switch {
	case s.height < 4:
	case s.allKeys:
		longest := 0
		for _, group := range s.keys.FullHelp() {
			longest = max(longest, len(group))
		}
		taken += 1 + longest
	default:
		taken++
	}
	return max(1, s.height-taken)
}

func (s *screen) bold(text string) string {
	if s.config.Plain {
		return text
	}
	return lipgloss.NewStyle().Bold(true).Render(text)
}
