package binder

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
)

// What JetStream's errors mean for a binder: some pass, as when a cluster elects a leader,
// and are tried again; some stay until somebody changes a limit, a permission or a setting,
// and those are told at once, with what to change.

// A verdict says whether it helps to try again.
type verdict int

const (
	passing verdict = iota // try again
	doubted                // final, unless a cluster is just coming up
	final                  // it stays so until somebody changes something
)

// doubtedGrace is how long Start doesn't believe a verdict that is doubted. A leader places
// replicas only on members that have reported to it, which takes them a while.
const doubtedGrace = 5 * time.Second

// JetStream's error codes, as nats-server's errors.json has them. nats.go names few.
const (
	accountResourcesExceeded jetstream.ErrorCode = 10002
	clusterNoPeers           jetstream.ErrorCode = 10005
	clusterNotAvailable      jetstream.ErrorCode = 10008
	insufficientResources    jetstream.ErrorCode = 10023
	maximumConsumers         jetstream.ErrorCode = 10026
	maximumStreams           jetstream.ErrorCode = 10027
	memoryExceeded           jetstream.ErrorCode = 10028
	clusterUnsupported       jetstream.ErrorCode = 10036
	storageExceeded          jetstream.ErrorCode = 10047
	streamCreateFailed       jetstream.ErrorCode = 10049
	streamInvalidConfig      jetstream.ErrorCode = 10052
	streamLimits             jetstream.ErrorCode = 10053
	messageExceedsMaximum    jetstream.ErrorCode = 10054
	subjectOverlap           jetstream.ErrorCode = 10065
	streamUpdateFailed       jetstream.ErrorCode = 10069
	replicasNotSupported     jetstream.ErrorCode = 10074
	storeFailed              jetstream.ErrorCode = 10077
	streamSealed             jetstream.ErrorCode = 10109
	maxBytesRequired         jetstream.ErrorCode = 10113
	streamOffline            jetstream.ErrorCode = 10118
	noLimits                 jetstream.ErrorCode = 10120
	maxStreamBytesExceeded   jetstream.ErrorCode = 10122
	moveInProgress           jetstream.ErrorCode = 10124
	noReconfiguration        jetstream.ErrorCode = 10129
	streamOfflineReason      jetstream.ErrorCode = 10194
	memberChange             jetstream.ErrorCode = 10202
	reconfiguration          jetstream.ErrorCode = 10226
)

// apiError returns what JetStream answered. Watches are made by an older part of nats.go,
// which has a type of its own for it.
func apiError(err error) (*jetstream.APIError, bool) {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		return api, true
	}
	if old, ok := errors.AsType[*nats.APIError](err); ok {
		return &jetstream.APIError{Code: old.Code, ErrorCode: jetstream.ErrorCode(old.ErrorCode), Description: old.Description}, true
	}
	return nil, false
}

// verdictOn judges an error of JetStream.
func verdictOn(err error) verdict {
	api, ok := apiError(err)
	switch {
	case errors.Is(err, nats.ErrPermissionViolation), errors.Is(err, nats.ErrMaxPayload):
		return final
	case !ok:
		return passing // no answer at all
	}
	switch api.ErrorCode {
	case clusterNoPeers, streamCreateFailed:
		return doubted
	case moveInProgress, noReconfiguration, memberChange, reconfiguration:
		return passing // though their status says that the request was wrong
	case insufficientResources, memoryExceeded, storageExceeded, clusterUnsupported, streamInvalidConfig, streamLimits,
		streamUpdateFailed, replicasNotSupported, streamOfflineReason, jetstream.JSErrCodeJetStreamNotEnabledForAccount:
		return final // though their status is that of a server in trouble
	case storeFailed:
		if strings.Contains(api.Description, "closed") {
			return passing // it is on its way to another server, or to its end
		}
		return final
	}
	switch api.Code {
	case 400, 401, 403:
		return final
	}
	return passing
}

// isRefused reports whether the store can be reached and refuses, so that trying again is
// of no use.
func isRefused(err error) bool {
	return err != nil && (errors.Is(err, helium.ErrStoreRefused) || verdictOn(err) == final)
}

// storeError turns an error of JetStream into one that says what to do.
func (b *bucket) storeError(err error) error {
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
		return helium.ErrStoreRefused.WithMessage("JetStream refuses what the registry needs; %s: %w", b.remedy(err), err)
	}
	if api, ok := apiError(err); ok {
		switch api.ErrorCode {
		case streamOffline:
			return helium.ErrStoreUnavailable.WithMessage("the registry's store can't be reached, as no server that keeps the bucket %q is up; start those that are down: %w", b.name, err)
		case clusterNotAvailable:
			return helium.ErrStoreUnavailable.WithMessage("the registry's store can't be reached, as JetStream has no leader; more than half of the cluster's servers with JetStream must be up: %w", err)
		}
	}
	return helium.ErrStoreUnavailable.WithMessage("%s: %w", helium.ErrStoreUnavailable.Message, err)
}

// remedy says what to change after a refusal.
func (b *bucket) remedy(err error) string {
	if errors.Is(err, nats.ErrMaxPayload) {
		return fmt.Sprintf("a message of this NATS server holds %d bytes; raise max_payload in its configuration to 1MB", b.nc.MaxPayload())
	}
	api, ok := apiError(err)
	if !ok {
		return "see the server's log"
	}
	replicas := b.config.Replicas
	limit := "max_file"
	if b.config.Memory {
		limit = "max_mem"
	}
	edit := func(setting, flag string) string {
		return fmt.Sprintf("the bucket %q has reached its %s; raise it, with -1 for no limit: nats stream edit %s %s", b.name, setting, b.stream, flag)
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
		return fmt.Sprintf("the account wants a size for every stream; make the bucket with one, and a binder adds what else it needs: nats kv add %s --ttl %v --max-bucket-size 64MiB", b.name, b.config.Lease)
	case subjectOverlap:
		return fmt.Sprintf("another stream captures %s; narrow its subjects or delete it (nats stream ls)", b.subject(">"))
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
		return b.sealed()
	case streamOfflineReason:
		return "the bucket was made by a newer NATS server than the one that keeps it; update that one"
	}
	return "see the NATS server's log, and the limits of its account (nats account info)"
}

func (b *bucket) sealed() string {
	return fmt.Sprintf("the bucket %q is sealed and never takes a record again; delete it (nats kv del %s), and the servers register again", b.name, b.name)
}
