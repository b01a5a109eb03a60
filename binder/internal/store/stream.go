package store

import (
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// prefixKey is where the bucket's metadata say whose it is: the bucket's name can't,
// for "a.b" and "a_b" make the same.
const prefixKey = "helium_prefix"

// newStream is how the stream under a bucket is made: as for any key-value bucket, with the
// registry's settings.
func newStream(n names, shape Shape) jetstream.StreamConfig {
	storage := jetstream.FileStorage
	if shape.Memory {
		storage = jetstream.MemoryStorage
	}
	return jetstream.StreamConfig{
		Name:        n.stream,
		Description: "Helium's registry of services",
		Subjects:    []string{n.subject(">")},
		Metadata:    map[string]string{prefixKey: n.prefix},
		Storage:     storage,
		Replicas:    shape.Replicas,

		// The lease is the age at which the bucket drops a record. A TTL per key would
		// be lost by the next renewal.
		MaxAge:     shape.Lease,
		Duplicates: min(shape.Lease, 2*time.Minute),
		// Without markers a watcher never learns that a record expired. They stay long
		// enough for one that is away for a moment.
		AllowMsgTTL:            true,
		SubjectDeleteMarkerTTL: shape.Lease.Round(time.Second),

		// Revisions must grow even over a bucket that was lost, or a client would take
		// the new store's news for old. Writes are fewer than one a microsecond, so a
		// bucket that starts to count at its birth in microseconds is always ahead.
		FirstSeq: uint64(time.Now().UnixMicro()),

		// As every key-value bucket has it.
		MaxMsgsPerSubject: 1,
		MaxMsgs:           -1,
		MaxBytes:          -1,
		MaxMsgSize:        -1,
		MaxConsumers:      -1,
		Discard:           jetstream.DiscardNew,
		AllowRollup:       true,
		DenyDelete:        true,
		AllowDirect:       true,
	}
}

// State is what the stream under the bucket says, by its leader.
type State struct {
	Created  time.Time
	Last     uint64 // the revision of the last change ever made
	Empty    bool
	Replicas int
}

func stateOf(info *jetstream.StreamInfo) State {
	return State{Created: info.Created, Last: info.State.LastSeq, Empty: info.State.Msgs == 0, Replicas: info.Config.Replicas}
}
