package bus

import (
	"regexp"
	"strings"

	"github.com/helium-rpc/helium"
)

// defaultInboxPrefix is the prefix of inboxes of users without a name, and the first token
// of all others.
const defaultInboxPrefix = "_INBOX"

var subjectToken = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// checkInboxPrefix refuses prefixes under which no answer would arrive.
func checkInboxPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	if first, _, _ := strings.Cut(prefix, "."); first != defaultInboxPrefix {
		return helium.ConfigErrorf("bus", "inbox prefix %.100q isn't \"_INBOX\" and doesn't begin with \"_INBOX.\", and Helium's servers answer nowhere else; set {Config.InboxPrefix} to something such as \"_INBOX.alice\"", prefix)
	}
	for token := range strings.SplitSeq(prefix, ".") {
		if !subjectToken.MatchString(token) {
			return helium.ConfigErrorf("bus", "inbox prefix %.100q isn't a subject; use letters, digits, \"-\", \"_\" and single dots", prefix)
		}
	}
	return nil
}
