package view

import (
	"context"
	"errors"
	"slices"
	"time"

	"charm.land/bubbles/v2/help"
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/helium-rpc/helium/cmd/helium/internal/top/figures"
)

// Config says what is shown, and how at first.
type Config struct {
	// Look asks all instances once. That nobody answers for a while doesn't end the table;
	// it says so and goes on. Only figures.ErrDenied ends it.
	Look func(context.Context) (*figures.Look, error)
	// Where returns what is looked at, such as the address of the server.
	Where func() string
	// Clean returns a text that somebody else wrote in a form that does nothing to the
	// terminal. Nil stands for the text as it is.
	Clean func(string) string
	// Services are those to show; none: all.
	Services []string
	// By and Sort are names of figures.Groupings and figures.Orders.
	By, Sort string
	// Interval is the time between two looks.
	Interval time.Duration
	// Plain is whether there is neither colour nor bold.
	Plain bool
}

// groupings are those that a key goes through, in this order.
var groupings = []string{"method", "service", "instance", "all"}

// model is what the table knows. Bubble Tea calls it from one goroutine; looks run beside
// it and come as messages.
type model struct {
	config Config
	ctx    context.Context // ends looks under way
	keys   keyMap
	help   help.Model

	before, after *figures.Look
	problem       error     // of the last look
	fatal         error     // why there will be no figures, whatever is tried
	asked         time.Time // when the look under way, or the last one, began
	looking       bool

	by, order string
	reversed  bool
	paused    bool
	allKeys   bool

	rows          []figures.Row // as shown, in their order
	first         int           // the row that is shown first
	width, height int
}

// looked is what a look found.
type looked struct {
	look *figures.Look
	err  error
}

// due says that it is time for another look.
type due struct{}

func newModel(ctx context.Context, config Config) *model {
	if config.Clean == nil {
		config.Clean = func(s string) string { return s }
	}
	m := &model{config: config, ctx: ctx, keys: newKeyMap(), help: help.New(), by: config.By, order: config.Sort, width: 80, height: 24}
	if config.Plain {
		m.help.Styles = help.Styles{}
	}
	return m
}

// Init begins the first look.
func (m *model) Init() tea.Cmd { return m.look() }

// look asks once, beside the goroutine of the table.
func (m *model) look() tea.Cmd {
	m.looking, m.asked = true, time.Now()
	ctx, ask := m.ctx, m.config.Look
	return func() tea.Msg {
		l, err := ask(ctx)
		return looked{l, err}
	}
}

// Update takes in what happened.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.scroll(0)
	case looked:
		m.looking = false
		if errors.Is(msg.err, figures.ErrDenied) {
			m.fatal = msg.err
			return m, tea.Quit
		}
		if m.problem = msg.err; msg.err == nil {
			m.before, m.after = m.after, msg.look
			m.arrange()
		}
		return m, tea.Tick(max(0, m.config.Interval-time.Since(m.asked)), func(time.Time) tea.Msg { return due{} })
	case due:
		if !m.paused && !m.looking {
			return m, m.look()
		}
	case tea.KeyPressMsg:
		return m, m.press(msg)
	}
	return m, nil
}

// press does what a key stands for.
func (m *model) press(pressed tea.KeyPressMsg) tea.Cmd {
	is := func(b key.Binding) bool { return key.Matches(pressed, b) }
	for order, b := range m.keys.orders() {
		if is(b) {
			m.sortBy(order)
			return nil
		}
	}
	switch {
	case is(m.keys.quit):
		return tea.Quit
	case is(m.keys.suspend):
		return tea.Suspend
	case is(m.keys.help):
		m.allKeys = !m.allKeys
		m.scroll(0)
	case is(m.keys.reverse):
		m.reversed = !m.reversed
		m.arrange()
	case is(m.keys.group):
		m.by = groupings[(slices.Index(groupings, m.by)+1)%len(groupings)]
		m.first = 0
		m.arrange()
	case is(m.keys.pause):
		if m.paused = !m.paused; !m.paused && !m.looking {
			return m.look()
		}
	case is(m.keys.up):
		m.scroll(-1)
	case is(m.keys.down):
		m.scroll(1)
	case is(m.keys.pageUp):
		m.scroll(-m.room())
	case is(m.keys.pageDown):
		m.scroll(m.room())
	case is(m.keys.top):
		m.scroll(-len(m.rows))
	case is(m.keys.bottom):
		m.scroll(len(m.rows))
	}
	return nil
}

// sortBy sorts by an order, and the other way round if it is that one already.
func (m *model) sortBy(order string) {
	m.reversed = order == m.order && !m.reversed
	m.order = order
	m.first = 0
	m.arrange()
}

// arrange makes rows of the last two looks.
func (m *model) arrange() {
	m.rows = nil
	if m.after == nil {
		return
	}
	m.rows = figures.Of(figures.Rows(m.before, m.after, figures.Groupings[m.by]), m.config.Services)
	figures.Sort(m.rows, figures.Orders[m.order])
	if m.reversed {
		slices.Reverse(m.rows)
	}
	m.scroll(0)
}

// scroll moves the rows that are shown, as far as there are any.
func (m *model) scroll(by int) {
	m.first = max(0, min(m.first+by, len(m.rows)-m.room()))
}
