package bus

import (
	"math/rand/v2"
	"time"
)

const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// retryDelay is the pause before all servers are tried for the nth time, n from 1: up to
// 100 ms at first, doubling, at most 2 s. Chance keeps the clients of a server that was lost
// from returning in one wave: the first pause is anything from nothing to its limit, the later
// ones from half of it.
func retryDelay(n int) time.Duration {
	if n <= 1 {
		return rand.N(firstRetry)
	}
	delay := lastRetry
	if shift := n - 1; shift < 5 {
		delay = min(delay, firstRetry<<shift)
	}
	return delay/2 + rand.N(delay/2)
}
