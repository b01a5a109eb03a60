package direct

import (
	"fmt"
	"net"
	"time"

	"github.com/helium-rpc/helium/internal/promptwrite"
)

const (
	// moment is how long a socket that is full may take to have room again.
	moment = 5 * time.Millisecond
	// mostUnsent is how much is kept for an end that doesn't read, in bytes: the longest message has room where
	// nothing else waits. Beyond that the connection breaks.
	mostUnsent = maxMessage + maxHead
	// mostUnsentTogether is how much is kept for all ends that don't read, in bytes, of all links of the process. Beyond
	// that those connections break for which more than their share is kept.
	mostUnsentTogether = 256 << 20
	// stallTime is how long a socket may take nothing of that before it breaks.
	stallTime = 10 * time.Second
)

// outlet is a socket whose writes don't wait for the other end, whatever is kept for it: an end that
// doesn't read slows nobody down.
type outlet struct {
	*promptwrite.Conn
	together *together
}

// together is what is kept for all ends that don't read, and how much that may be.
type together struct {
	promptwrite.Total
	most int
}

var allLinks = &together{most: mostUnsentTogether}

func newOutlet(socket net.Conn, t *together) outlet {
	return outlet{promptwrite.New(socket, moment, stallTime).In(&t.Total), t}
}

// share returns how much may be kept for one end when so much more is to be.
func (t *together) share(more int) int {
	kept, ends := t.Kept()
	if kept+more <= t.most {
		return mostUnsent
	}
	return min(mostUnsent, t.most/max(ends, 1))
}

// Unsent returns how many bytes wait for the socket to take them.
func (o outlet) Unsent() int {
	waiting, _ := o.Kept()
	return waiting
}

// Write takes b, all of it unless there is an error.
func (o outlet) Write(b []byte) (taken int, err error) {
	if taken, err = o.Now(b); err != nil || taken == len(b) {
		return taken, err
	}
	rest := len(b) - taken
	if waiting := o.Unsent(); waiting+rest > o.together.share(rest) {
		o.Fail(fmt.Errorf("the other end doesn't read, and %d bytes wait for it", waiting))
	}
	taken += o.Keep(b[taken:], mostUnsent)
	if taken < len(b) {
		return taken, o.Err()
	}
	return taken, nil
}
