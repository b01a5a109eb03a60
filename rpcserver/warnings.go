package rpcserver

import "github.com/helium-rpc/helium/rpcserver/internal/answers"

// Reasons of the warnings that a server finds out about itself.
const (
	// WarningAnswersLimited: NATS lets the server answer only as far as allow_responses
	// permits, so it answers all calls of a message together.
	WarningAnswersLimited = answers.WarningLimited
	// WarningAnswersDropped: requests come through another account's import of a service
	// export that takes one answer a request, so it answers all calls of a message together.
	WarningAnswersDropped = answers.WarningDropped
	// WarningAnswersLate: NATS took no answer any more so long after the request, so callers of
	// calls that take as long hear nothing.
	WarningAnswersLate = answers.WarningLate
)
