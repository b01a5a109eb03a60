package diagnose

import (
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/rpcserver"
)

// adviceOn says in a few words what to do about a warning.
func adviceOn(w lookup.Warning) string {
	switch w.Reason {
	case rpcserver.WarningAnswersLimited:
		return recipe
	case rpcserver.WarningAnswersDropped:
		return "set response_type: stream on the service export in NATS's configuration"
	case rpcserver.WarningAnswersLate:
		return "raise expires of allow_responses, or response_threshold of the service export, in NATS's configuration above the longest deadline of a call"
	}
	return "look at the instance's log"
}

// warned is a finding to which what instances say of their set-up is added.
func warned(text string, list []lookup.Warning) finding {
	for _, w := range list {
		text += "; " + w.String()
	}
	return advised(adviceOn(list[0]), "%s", text)
}

// recipe is what servers' users need.
const recipe = `allow the server's user in NATS's configuration: publish: "_INBOX.>"`
