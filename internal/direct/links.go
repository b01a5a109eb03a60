package direct

import (
	"context"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
)

// Links are what a client needs of who sends its calls; a [link.Dispatcher] is that.
type Links interface {
	Add(link.Link) *link.Receiver
	Remove(gone *link.Receiver, reason error)
	// Busy reports whether calls are in flight by a link. They are from before it is handed them on.
	Busy(by *link.Receiver) bool
	FellSilent(service, instance string)
	Rerouted()
	Ask(ctx context.Context, service, instance string, question []byte) ([]byte, *helium.Error)
	SentTo(service string) uint64
}
