//go:build !linux && !darwin

package bus

import "net"

// limitUnsent does nothing: the system keeps as much as it likes.
func limitUnsent(net.Conn) {}
