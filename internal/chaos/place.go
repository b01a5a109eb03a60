package chaos

import (
	"errors"
	"fmt"
	"strings"

	"github.com/helium-rpc/helium/internal/chaos/namespace"
	"github.com/helium-rpc/helium/internal/chaos/processors"
	"github.com/helium-rpc/helium/internal/chaos/scenario"
)

// place is where the processes of a run are, as far as the machine lets it choose.
type place struct {
	network    *namespace.Namespace // nil: the machine's
	processors *processors.Split    // nil: all processes share all
}

// newPlace returns the place for a scenario, and the means by which there is what it wants. Where the kernel does to
// packets what it wants, the bed needs no proxies any more.
func newPlace(s *scenario.Scenario) (p place, means []string) {
	var err error
	if s.Netem != "" {
		if p.network, err = namespace.New(s.Netem); err != nil {
			means = append(means, fmt.Sprintf("proxies, as the kernel can't do it here (%v)", err))
		} else {
			means, s.Bed.Proxied = append(means, "the kernel's netem: "+s.Netem), nil
		}
	}
	if s.Bed.Apart {
		if p.processors, err = processors.New(); err != nil {
			means = append(means, fmt.Sprintf("a server that shares its processor with all others (%v)", err))
		} else {
			means = append(means, "a server with a processor to itself")
		}
	}
	return p, means
}

// enter puts the calling thread, and the part that it starts, there.
func (p place) enter(part string) (err error) {
	if p.network != nil {
		err = p.network.Enter()
	}
	if p.processors == nil {
		return err
	}
	if strings.HasPrefix(part, "server") {
		return errors.Join(err, p.processors.EnterLast())
	}
	return errors.Join(err, p.processors.EnterOthers())
}

func (p place) close() {
	if p.network != nil {
		_ = p.network.Close() // it is gone with the last process
	}
}
