// Package keys has a client pick the instances of calls with keys: which of those that there are a key picks,
// and where a call with an idempotency key may have run already, so that it goes there again.
//
//   - key.go: the key of a call
//   - candidates.go: the instances that it picks among
//   - unsettled.go: where a call with an idempotency key may have run
package keys

import "github.com/helium-rpc/helium/internal/wire"

// Key picks the instance that a call goes to, if there is one. The zero value is none.
type Key struct {
	Only  string // not empty: only this instance
	Given bool   // it picks one
	Once  bool   // the call has an idempotency key; only instances that take them

	hash uint64
}

// New returns the key of that text.
func New(text string) (key Key) {
	key.Pick(text)
	return key
}

// Pick makes it the key of that text.
func (key *Key) Pick(text string) { key.hash, key.Given = wire.Hash(text), true }
