package wire

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"strings"
)

// DefaultPrefix is the first token of every subject unless a Config says otherwise.
const DefaultPrefix = "helium"

// QueueGroup is the group that instances and binders join, so that NATS hands each
// message to one of them.
const QueueGroup = "helium"

// Subjects makes the subjects of one deployment. Its zero value uses [DefaultPrefix].
// Names handed to its methods must have passed [CheckName]; see docs/protocol.md for
// who subscribes to what.
type Subjects struct{ prefix string }

// NewSubjects returns the subjects under a prefix of one or more tokens; "" stands
// for [DefaultPrefix].
func NewSubjects(prefix string) (Subjects, error) {
	if prefix == "" {
		return Subjects{}, nil
	}
	for token := range strings.SplitSeq(prefix, ".") {
		if err := CheckName("prefix token", token); err != nil {
			return Subjects{}, fmt.Errorf("prefix %.100q: %w", prefix, err)
		}
	}
	return Subjects{prefix: prefix}, nil
}

// Prefix returns the tokens before the first one that Helium chooses.
func (s Subjects) Prefix() string {
	if s.prefix == "" {
		return DefaultPrefix
	}
	return s.prefix
}

// Service is where messages go whose calls are of several methods of one service, to
// any instance.
func (s Subjects) Service(service string) string { return s.Prefix() + ".call." + service }

// Method is where calls of one method go, to any instance. The method "*" matches all.
func (s Subjects) Method(service, method string) string { return s.Service(service) + "." + method }

// ServiceAt is where messages go whose calls are of several methods of one service, to
// one instance.
func (s Subjects) ServiceAt(service, instance string) string {
	return s.Prefix() + ".at." + service + "." + instance
}

// MethodAt is where calls of one method go, to one instance.
func (s Subjects) MethodAt(service, instance, method string) string {
	return s.ServiceAt(service, instance) + "." + method
}

// BelowAt matches whatever is asked for below the subject of one instance of a service.
func (s Subjects) BelowAt(service, instance string) string {
	return s.ServiceAt(service, instance) + ".>"
}

// At matches all that goes to single instances of a service, calls of one method and of
// several, and so is the subject of a permission.
func (s Subjects) At(service string) string { return s.Prefix() + ".at." + service + ".>" }

// Control is where cancels for a service's calls at one instance go. The instance "*"
// matches all.
func (s Subjects) Control(service, instance string) string {
	return s.Prefix() + ".ctl." + service + "." + instance
}

// IsControl reports whether a subject is the control subject of an instance.
func (s Subjects) IsControl(subject string) bool {
	return strings.HasPrefix(subject, s.Prefix()+".ctl.")
}

// Registry matches all that binders are asked and tell.
func (s Subjects) Registry() string { return s.Prefix() + ".binder.>" }

// Register is where an instance of a service makes itself known to the binders.
func (s Subjects) Register(service string) string { return s.Prefix() + ".binder.register." + service }

// Renew is where an instance asks for another lease.
func (s Subjects) Renew(service string) string { return s.Prefix() + ".binder.renew." + service }

// End is where an instance takes its leave.
func (s Subjects) End(service string) string { return s.Prefix() + ".binder.end." + service }

// Lookup is where a name is looked up: "math", "math.add" or "add".
func (s Subjects) Lookup(name string) string { return s.Prefix() + ".binder.lookup." + name }

// List is where the whole registry is read.
func (s Subjects) List() string { return s.Prefix() + ".binder.list" }

// Event is where binders tell that a record of a service changed.
func (s Subjects) Event(service string) string { return s.Prefix() + ".binder.event." + service }

// NewInbox returns a new inbox below a connection's prefix of inboxes, "" for NATS's own. Nobody
// can guess it, as one can those that nats.go makes: they follow one another, and each peer
// sees some.
func NewInbox(prefix string) string {
	return cmp.Or(prefix, "_INBOX") + "." + rand.Text()
}

// AllowedReply reports whether a request may be answered on a subject: on an inbox, all
// of which begin with "_INBOX.", a user's own with "_INBOX.<user>.", or on one of NATS's
// own for services shared across accounts, "_R_.". Everything else a server must leave
// unanswered, else a caller could make it publish where the caller itself may not.
func AllowedReply(subject string) bool {
	if !strings.HasPrefix(subject, "_INBOX.") && !strings.HasPrefix(subject, "_R_.") {
		return false
	}
	// Nobody receives on a wildcard; publishing to one is never meant well.
	return strings.IndexByte(subject, '*') < 0 && strings.IndexByte(subject, '>') < 0
}
