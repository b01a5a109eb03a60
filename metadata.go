package helium

import (
	"context"
	"maps"
)

// Metadata are small facts that travel beside a call's arguments, such as a trace
// or a tenant. Keys and values are any UTF-8 text.
type Metadata map[string]string

// The two sides of metadata are two values of a context, so that neither hides the other:
// a handler adds to the calls it makes and still sees what its own caller sent.
type (
	sentKey     struct{}
	receivedKey struct{}
)

// WithMetadata returns a context whose calls carry md, on top of what earlier
// WithMetadata calls put there; where both have a key, md's value counts.
//
// It says what this program sends. What its own caller sent stays what [MetadataFrom]
// returns, and isn't handed on by itself: a caller's token is meant for the service that
// it called, not for every service behind it. A handler passes on what should go on:
//
//	ctx = helium.WithMetadata(ctx, helium.Metadata{"trace": helium.MetadataFrom(ctx)["trace"]})
//	ctx = helium.WithMetadata(ctx, helium.MetadataFrom(ctx)) // all of it
func WithMetadata(ctx context.Context, md Metadata) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	merged := maps.Clone(SentMetadata(ctx))
	if merged == nil {
		merged = make(Metadata, len(md))
	}
	maps.Copy(merged, md)
	return context.WithValue(ctx, sentKey{}, merged)
}

// MetadataFrom returns what the caller of this handler sent, in the handler's context and
// in all that are made of it: nil if it sent nothing, and outside a handler. What the
// program itself sends is [SentMetadata]. Don't change it.
func MetadataFrom(ctx context.Context) Metadata {
	if ctx == nil {
		return nil
	}
	md, _ := ctx.Value(receivedKey{}).(Metadata)
	return md
}

// SentMetadata returns what calls under ctx carry: what [WithMetadata] put there, nil if
// it put nothing. Client interceptors and tests read it. Don't change it.
func SentMetadata(ctx context.Context) Metadata {
	if ctx == nil {
		return nil
	}
	md, _ := ctx.Value(sentKey{}).(Metadata)
	return md
}

// WithReceivedMetadata returns a context in which md is what came with a call. It is for
// what carries calls, such as a server, and for tests of handlers; programs use
// [WithMetadata].
func WithReceivedMetadata(ctx context.Context, md Metadata) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	return context.WithValue(ctx, receivedKey{}, md)
}
