// Package verdict judges what happened to calls by what stands in the ledgers: how many failed
// and how, how often each ran, and when. It knows nothing of how the calls were made.
//
// record.go is what is judged, calls.go puts the entries of each call together, counts.go
// counts, grace.go says what is late, recovery.go finds when calls go well again; metric.go names the figures, bound.go
// is what a scenario promises of them, verdict.go judges, text.go is how people read that.
package verdict
