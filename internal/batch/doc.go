// Package batch lets frames that wait at the same moment share a message.
//
// A NATS message costs about the same with one frame in it as with thirty. So what goes to
// one place goes through one [Batcher]. No frame waits for others to come: the goroutine that
// finds it idle sends at once, and what is added meanwhile leaves together.
package batch
