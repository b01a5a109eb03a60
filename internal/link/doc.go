// Package link is how a message gets to an instance, and how answers come back.
//
//   - sweep.go: one timer for any number of deadlines
//
// It knows no signatures, and what is above it doesn't know which link carried a call.
package link
