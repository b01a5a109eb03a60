package store

import (
	"log/slog"
	"time"
)

// Settings say which bucket it is, and how it is made if it isn't there.
type Settings struct {
	// Prefix is that of the deployment's subjects. The bucket is named after it.
	Prefix string
	Shape
	// Asked is as Shape, with zeros for what nobody has asked for.
	Asked  Shape
	Logger *slog.Logger
}

// Shape is how a bucket is made.
type Shape struct {
	// Lease is the age at which the bucket drops a record.
	Lease time.Duration
	// Replicas is on how many servers it is kept.
	Replicas int
	// Memory says that it is kept in memory rather than in files.
	Memory bool
}

const (
	// Budget bounds a write or a question to the store, retries included. A new leader is
	// elected within it, mostly; and it is less than a client's attempt.
	Budget = 3 * time.Second
	// Attempt bounds one attempt of it.
	Attempt = 1500 * time.Millisecond
	// Retry is the wait between attempts.
	Retry = 50 * time.Millisecond
)
