package view

import (
	"charm.land/bubbles/v2/key"
)

// keyMap is what each key does.
type keyMap struct {
	quit, help, pause, suspend, reverse, group key.Binding
	up, down, pageUp, pageDown, top, bottom    key.Binding
	calls, errors, p50, p99, inFlight, name    key.Binding
}

func newKeyMap() keyMap {
	binding := func(help, what string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, what))
	}
	return keyMap{
		quit:     binding("q", "quit", "q", "Q", "esc", "ctrl+c", "ctrl+d"),
		help:     binding("?", "all keys", "?", "h", "f1"),
		pause:    binding("space", "pause", "space", "p"),
		suspend:  binding("ctrl+z", "suspend", "ctrl+z"),
		reverse:  binding("r", "reverse", "r"),
		group:    binding("tab", "group by", "tab", "b"),
		up:       binding("↑", "scroll", "up", "k"),
		down:     binding("↓", "scroll", "down", "j"),
		pageUp:   binding("pgup", "page up", "pgup", "ctrl+u", "ctrl+b"),
		pageDown: binding("pgdn", "page down", "pgdown", "ctrl+f"),
		top:      binding("home", "first", "home", "g"),
		bottom:   binding("end", "last", "end", "G"),
		calls:    binding("c", "calls/s", "c"),
		errors:   binding("e", "errors/s", "e"),
		p50:      binding("5", "p50", "5"),
		p99:      binding("9", "p99", "9"),
		inFlight: binding("i", "in flight", "i"),
		name:     binding("n", "name", "n"),
	}
}

// orders are the keys that sort, with the names of figures.Orders.
func (k *keyMap) orders() map[string]key.Binding {
	return map[string]key.Binding{"calls": k.calls, "errors": k.errors, "p50": k.p50, "p99": k.p99, "inflight": k.inFlight, "name": k.name}
}

// ShortHelp returns what the last line shows, the most useful first: what doesn't fit is
// left out.
func (k keyMap) ShortHelp() []key.Binding {
	sort := key.NewBinding(key.WithKeys("c"), key.WithHelp("c e 5 9 i n", "sort"))
	return []key.Binding{k.quit, k.help, sort, k.up, k.group, k.pause}
}

// FullHelp returns all keys, a column a concern.
func (k keyMap) FullHelp() [][]key.Binding {
	return [][]key.Binding{
		{k.calls, k.errors, k.p50, k.p99, k.inFlight, k.name, k.reverse},
		{k.up, k.down, k.pageUp, k.pageDown, k.top, k.bottom},
		{k.group, k.pause, k.suspend, k.help, k.quit},
	}
}
