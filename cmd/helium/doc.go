// Helium is the command for people in front of a terminal: it runs a broker, a binder
// and the example service, shows what is on the bus, and calls it.
//
//	helium dev                  everything in one process, to try things
//	helium ls                   what is there
//	helium describe math        its methods
//	helium call math.add 2 3    a call
//
// A subcommand is one file by its name. What all share: root.go lists them, app.go
// connects as the flags of connection.go say, output.go writes what was found and
// exit.go what went wrong. Data goes to stdout, talk to stderr.
package main
