package store

import (
	"errors"
	"strings"

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

// IsRefused reports whether the store can be reached and refuses, so that trying again is
// of no use.
func IsRefused(err error) bool {
	return err != nil && (errors.Is(err, helium.ErrStoreRefused) || verdictOn(err) == final)
}

// wrongSequence reports that a record isn't what its writer took it for.
func wrongSequence(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
