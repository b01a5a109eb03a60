package view

import (
	"context"
	"errors"
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/top/figures"
)

// groupings are those that a key goes through, in this order.
var groupings = []string{"method", "service", "instance", "all"}

// model is the table as Bubble Tea runs it: it calls it from one goroutine; looks run beside
// it and come as messages.
type model struct {
	screen
	ctx context.Context // ends looks under way

	fatal   error     // why there will be no figures, whatever is tried
	asked   time.Time // when the look under way, or the last one, began
	looking bool
}

// looked is what a look found.
type looked struct {
	look *figures.Look
	err  error
}

// due says that it is time for another look.
type due struct{}

func newModel(ctx context.Context, config Config) *model {
	return &model{screen: newScreen(config), ctx: ctx}
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
		if errors.Is(msg.err, helium.ErrNotPermitted) {
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
