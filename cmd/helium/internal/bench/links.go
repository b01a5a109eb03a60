package bench

import (
	"fmt"

	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/cmd/helium/internal/remote"
)

// linkCounts are how many calls left by each link while they counted. A call that was tried again
// counts again.
type linkCounts struct {
	Bus    uint64 `json:"bus"`
	Direct uint64 `json:"direct"`
}

// begin takes note of what was sent before.
func (c *linkCounts) begin(m *remote.Method) { c.Bus, c.Direct = m.Sent() }

// end counts what was sent since.
func (c *linkCounts) end(m *remote.Method) {
	bus, direct := m.Sent()
	c.Bus, c.Direct = bus-c.Bus, direct-c.Direct
}

// String is for people.
func (c linkCounts) String() string {
	switch {
	case c.Direct == 0:
		return lookup.ByBus
	case c.Bus == 0:
		return lookup.ByDirectLink
	}
	return fmt.Sprintf("%s %d, %s %d", lookup.ByDirectLink, c.Direct, lookup.ByBus, c.Bus)
}
