// Package answers finds out what NATS does with a server's answers, which its server isn't told, and
// says what to set where it loses some.
//
//   - refusals.go: which inboxes the server may publish to
//   - exports.go, trace.go, witnesses.go: what becomes of answers to callers of other accounts
//   - late.go: answers that came too late to be taken
//   - warnings.go: what was found to be wrong
//   - watch.go: what the bus tells of the answers that leave
package answers

import (
	"cmp"
	"log/slog"
	"slices"
	"sync"

	"github.com/helium-rpc/helium/binder"
)

// Some set-ups cost speed, or answers without anybody's call failing at once: see refusals and
// exports. What a server finds out about its own stands in four places, so that somebody
// reads it: in the log, once; in the answers on $SRV.STATS
// and $SRV.INFO; in Warnings; and in its records, where helium why, doctor and describe
// look.

// Reasons of the warnings; package rpcserver says what they mean.
const (
	WarningLimited = "helium.answers_limited"
	WarningDropped = "helium.answers_dropped"
	WarningLate    = "helium.answers_late"
)

// Warnings are what a server knows to be wrong with how it is set up.
type Warnings struct {
	log      *slog.Logger
	instance string
	changed  func() // called after each change

	mu    sync.Mutex
	found map[warningKey]warning // guarded by mu
}

// warningKey names a warning: its reason, and the service that it concerns, "" for all.
type warningKey struct{ reason, service string }

// warning is what was told last under a key.
type warning struct {
	message  string // "" if nothing is wrong any more
	revision uint64
}

// NewWarnings returns none. Changed is called after each change.
func NewWarnings(log *slog.Logger, instance string, changed func()) *Warnings {
	return &Warnings{log: log, instance: instance, changed: changed, found: make(map[warningKey]warning)}
}

// tell takes note of what is wrong, "" if nothing is any more. Each warning is logged once
// for what it concerns. Who finds something out keeps it under a lock and tells of it
// without one, so a revision says which of two messages is the later one: it grows with
// each change of what was found out under a key.
func (w *Warnings) tell(key warningKey, revision uint64, message string) {
	w.mu.Lock()
	before := w.found[key]
	news := revision >= before.revision
	if news {
		w.found[key] = warning{message, revision}
	}
	w.mu.Unlock()
	switch {
	case !news || message == before.message:
		return
	case before.message == "":
		w.log.Warn(message, "reason", key.reason, "instance", w.instance)
	case message == "":
		w.log.Info("what was warned of is mended", "reason", key.reason, "instance", w.instance)
	}
	w.changed()
}

// AddTo returns a record with the warnings that concern its service now.
func (w *Warnings) AddTo(record binder.Record) binder.Record {
	record.Warnings = w.list(func(key warningKey) bool { return key.service == "" || key.service == record.Service })
	return record
}

// All returns all warnings.
func (w *Warnings) All() []binder.Warning {
	return w.list(func(warningKey) bool { return true })
}

// list returns some of the warnings, in the same order each time.
func (w *Warnings) list(concerns func(warningKey) bool) (list []binder.Warning) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, is := range w.found {
		if is.message != "" && concerns(key) {
			list = append(list, binder.Warning{Reason: key.reason, Message: is.message})
		}
	}
	slices.SortFunc(list, func(a, b binder.Warning) int {
		return cmp.Or(cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Message, b.Message))
	})
	return list
}
