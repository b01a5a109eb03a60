// Package store keeps a registry's records in a JetStream key-value bucket that all binders
// share. It knows keys and bytes, no records.
//
//	b, err := store.New(nc, js, store.Settings{…})
//	err = b.OpenFirst(ctx)              // makes the bucket if need be; waits where that can help
//	revision, err := b.Put(ctx, "math.i4k2", data)
//	watch, err := b.Watch(ctx, running) // all that is there, then each change
//
// Its errors say what to change: they match [helium.ErrNoJetStream] and
// [helium.ErrStoreRefused] where trying again is of no use, [helium.ErrStoreUnavailable] where
// it may be.
package store
