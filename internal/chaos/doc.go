// Package chaos runs scenarios: it starts a system of real processes, calls at a fixed rate,
// breaks things, and judges by what was written down.
//
//	go run ./internal/chaos/cmd/chaos list
//	go run ./internal/chaos/cmd/chaos run -short
//	go run ./internal/chaos/cmd/chaos run "server killed"
//
// # What is in a run
//
// Brokers, binders, servers and clients are processes of their own (packages process and part).
// Clients start calls when it is their time, whatever became of those before, and latencies
// count from then. Each call has a number; clients write down that they make it and how it
// ended, servers that it runs, each in a file that outlives a SIGKILL (package ledger). Faults
// are signals, restarts, proxies (package proxy), clocks that stood still (package standstill) and full
// disks (package disk). At the end the ledgers are put together, counted and held against the scenario's
// bounds (package verdict), requests to the registry also against what is promised of their order
// (package internal/history).
//
// Whatever a scenario says, these are bounds: no call runs though its caller was told
// NotExecuted, none runs twice unless it is idempotent, none begins after its deadline, none is
// answered by another's answer or without having run, and every call ends. There is no verdict, and the
// run has failed by itself, where a part ended that nobody ended, or is there at the end and doesn't
// answer, or where a client didn't make all calls of its loads.
//
// # Where it is written down
//
// What all processes of a run write, the ledgers and what brokers keep, is in one folder. With -keep that is
// below the one named, and stays. Else it goes with the run, and is in memory where the machine has a tmpfs
// with 1 GiB free at /dev/shm, as a disk that stalls makes handlers wait in their ledgers, which spoils figures
// of overload. Elsewhere it is where temporary files are. What a SIGKILL of the run leaves in memory takes
// room there until it is removed. No scenario needs a disk for that: processes are killed, not machines, and those
// with a full disk have one of their own.
//
// # A new scenario
//
// It is a value of scenario.Scenario in one of the files of package scenario: the processes, the
// load, the steps with their times, the bounds; and a row in docs/reliability.md, which a test
// compares. State what is promised, not what happens to hold. Short puts it into the run of
// continuous integration, with all times multiplied and with wider bounds on times; it may only
// be there once it has passed twenty times in a row. A new kind of fault is an action in
// scenario/step.go and a case in timeline.go; a new kind of part, such as one that streams, is a
// file in package part; a new figure is a field of verdict.Counts and its name among the metrics.
package chaos
