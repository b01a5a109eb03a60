// Package part is what the processes of a bed are: brokers, binders, servers of one service
// whose handlers write down that they run, and clients that call it at a fixed rate and write
// down what became of each call.
//
// setup.go and command.go are what the harness says to them, connect.go is how they get to the
// brokers; the rest is a file for each part.
package part
