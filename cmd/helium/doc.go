// Helium is the command for people in front of a terminal: it runs a broker, a binder
// and the example service, shows what is on the bus, and calls it.
//
//	helium dev                  everything in one process, to try things
//	helium ls                   what is there
//	helium describe math        its methods
//	helium call math.add 2 3    a call
//
// A subcommand is one file by its name, or a package under internal if it is more; the list
// of all is in subcommands.go. What they share is package cli: the connection, the output,
// the exit codes. Data goes to stdout, talk to stderr.
package main
