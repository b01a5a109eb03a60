package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
)

// failures say what to do about what JetStream answers.
type failures struct {
	names      names
	shape      Shape
	maxPayload func() int64
}

// of turns an error of JetStream into one that says what to do.
func (f *failures) of(err error) error {
	if errors.Is(err, helium.ErrStoreRefused) {
		return err
	}
	if errors.Is(err, jetstream.ErrJetStreamNotEnabled) {
		return helium.ErrNoJetStream.WithMessage("%s: %w", helium.ErrNoJetStream.Message, err)
	}
	if errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
		return helium.ErrNoJetStream.WithMessage("JetStream isn't enabled for this user's account; put \"jetstream: enabled\" into the account's configuration: %w", err)
	}
	if verdictOn(err) != passing {
		return helium.ErrStoreRefused.WithMessage("JetStream refuses what the registry needs; %s: %w", f.remedy(err), err)
	}
	if api, ok := apiError(err); ok {
		switch api.ErrorCode {
		case streamOffline:
			return helium.ErrStoreUnavailable.WithMessage("the registry's store can't be reached, as no server that keeps the bucket %q is up; start those that are down: %w", f.names.bucket, err)
		case clusterNotAvailable:
			return helium.ErrStoreUnavailable.WithMessage("the registry's store can't be reached, as JetStream has no leader; more than half of the cluster's servers with JetStream must be up: %w", err)
		}
	}
	return helium.ErrStoreUnavailable.WithMessage("%s: %w", helium.ErrStoreUnavailable.Message, err)
}

// remedy says what to change after a refusal.
func (f *failures) remedy(err error) string {
	if errors.Is(err, nats.ErrMaxPayload) {
		return fmt.Sprintf("a message of this NATS server holds %d bytes; raise max_payload in its configuration to 1MB", f.maxPayload())
	}
	api, ok := apiError(err)
	if !ok {
		return "see the server's log"
	}
	replicas := f.shape.Replicas
	limit := "max_file"
	if f.shape.Memory {
		limit = "max_mem"
	}
	edit := func(setting, flag string) string {
		return fmt.Sprintf("the bucket %q has reached its %s; raise it, with -1 for no limit: nats stream edit %s %s", f.names.bucket, setting, f.names.stream, flag)
	}
	switch api.ErrorCode {
	case replicasNotSupported:
		return fmt.Sprintf("this NATS server stands alone, and Config.Replicas is %d; set Config.Replicas to 1, or connect to a cluster of %d servers or more", replicas, replicas)
	case clusterNoPeers:
		return fmt.Sprintf("the cluster has no place for the bucket, and Config.Replicas is %d; that takes as many servers that run JetStream, are up and have room: start those that are missing, or set Config.Replicas to fewer", replicas)
	case maximumStreams:
		return "the account may have no more streams; raise max_streams in the account's jetstream limits, or delete a stream that nobody needs (nats stream ls)"
	case maximumConsumers:
		return "no more consumers are allowed, and a binder needs one; raise max_consumers in the account's jetstream limits, or that of the bucket"
	case accountResourcesExceeded, maxStreamBytesExceeded:
		return fmt.Sprintf("the account has used up what it may store; raise %s and the like in the account's jetstream limits, or delete a stream that nobody needs (nats account info)", limit)
	case insufficientResources, memoryExceeded, storageExceeded:
		return "the server or the account has no room left; raise max_mem or max_file in the account's limits and max_memory_store or max_file_store in the server's jetstream block, or free some (nats account info)"
	case noLimits:
		return fmt.Sprintf("the account has no JetStream limits for %d replicas; give it a tier R%d, or set Config.Replicas to what it has", replicas, replicas)
	case maxBytesRequired:
		return fmt.Sprintf("the account wants a size for every stream; make the bucket with one, and a binder adds what else it needs: nats kv add %s --ttl %v --max-bucket-size 64MiB", f.names.bucket, f.shape.Lease)
	case subjectOverlap:
		return fmt.Sprintf("another stream captures %s; narrow its subjects or delete it (nats stream ls)", f.names.subject(">"))
	case messageExceedsMaximum:
		return edit("maximum size of a record (max_msg_size)", "--max-msg-size -1")
	case storeFailed:
		switch {
		case strings.Contains(api.Description, "bytes"):
			return edit("maximum size (max_bytes)", "--max-bytes -1")
		case strings.Contains(api.Description, "messages per subject"):
			return edit("maximum number of values a key (max_msgs_per_subject), which has to be 1", "--max-msgs-per-subject 1")
		case strings.Contains(api.Description, "messages"):
			return edit("maximum number of records (max_msgs)", "--max-msgs -1")
		}
		return "see the NATS server's log, and that its disk has room"
	case streamSealed:
		return f.sealed()
	case streamOfflineReason:
		return "the bucket was made by a newer NATS server than the one that keeps it; update that one"
	}
	return "see the NATS server's log, and the limits of its account (nats account info)"
}

func (f *failures) sealed() string {
	return fmt.Sprintf("the bucket %q is sealed and never takes a record again; delete it (nats kv del %s), and the servers register again", f.names.bucket, f.names.bucket)
}
