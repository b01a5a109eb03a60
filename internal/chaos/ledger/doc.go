// Package ledger is what happened to calls, written down by all processes that had to do with
// them: each appends lines to a file of its own, in one write for each entry or batch of them,
// so that what was written before a SIGKILL is there after it.
//
// All processes run on one machine, so their times can be compared.
package ledger
