//go:build !unix

package promptwrite

import (
	"net"
	"time"
)

// Of returns nil: a socket can't be asked here what it takes at once.
func Of(net.Conn, time.Duration) func(b []byte) (n int, err error) { return nil }
