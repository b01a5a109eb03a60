package helium

import (
	"context"
	"maps"
)

// Metadata are small facts that travel beside a call's arguments, such as a trace
// or a tenant. Keys and values are any UTF-8 text.
type Metadata map[string]string

type metadataKey struct{}

// attached is the one value that a context carries for this package.
type attached struct {
	metadata Metadata
	// received tells what came with a call from what goes with the next ones:
	// what a handler received isn't handed on unless the handler says so, or a
	// caller's token would reach every service behind the one it was meant for.
	received bool
}

// WithMetadata returns a context whose calls carry md, on top of what earlier
// WithMetadata calls put there. In a handler, metadata that came with the call
// isn't passed on to the calls the handler makes; to pass it on, say so:
//
//	ctx = helium.WithMetadata(ctx, helium.MetadataFrom(ctx))
func WithMetadata(ctx context.Context, md Metadata) context.Context {
	merged := maps.Clone(SentMetadata(ctx))
	if merged == nil {
		merged = make(Metadata, len(md))
	}
	maps.Copy(merged, md)
	return context.WithValue(ctx, metadataKey{}, attached{metadata: merged})
}

// MetadataFrom returns the metadata in ctx: in a handler, what came with the call;
// elsewhere, what WithMetadata put there. It may be nil. Don't change it.
func MetadataFrom(ctx context.Context) Metadata {
	a, _ := ctx.Value(metadataKey{}).(attached)
	return a.metadata
}

// WithReceivedMetadata returns a context in which md is what came with a call.
// It is for what carries calls, such as a server; programs use [WithMetadata].
func WithReceivedMetadata(ctx context.Context, md Metadata) context.Context {
	return context.WithValue(ctx, metadataKey{}, attached{metadata: md, received: true})
}

// SentMetadata returns the metadata that calls under ctx carry: nil where ctx only
// holds received metadata. Don't change it.
func SentMetadata(ctx context.Context) Metadata {
	a, _ := ctx.Value(metadataKey{}).(attached)
	if a.received {
		return nil
	}
	return a.metadata
}
