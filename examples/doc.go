// Package examples is a folder of small programs to run and to copy. Each is one
// directory with a thin main.
//
// Everything in one process, with an embedded broker:
//
//	go run ./examples/demo
//	go run ./examples/demo '(1 + 2) * 3' '7 / 2'
//	echo '2 * (3 - 0.5)' | go run ./examples/demo
//
// Streams of three instances, each with a log that it tails, in one process too:
//
//	go run ./examples/tail
//	go run ./examples/tail /var/log/syslog /var/log/auth.log
//
// Three programs in three terminals, started in any order:
//
//	go run ./examples/binder    # a broker on 127.0.0.1:4222, and the registry
//	go run ./examples/server    # serves arithmetic
//	go run ./examples/client    # calls it; expressions as for the demo
//
// Start a second server and calls spread over both; stop it with Ctrl-C and it
// finishes the calls that it has; kill it and the other one takes over. With -delay,
// the server's calls take long enough to watch that. With -listen 127.0.0.1:0 the server
// takes direct links, and calls of a client that goes on go direct. NATS_URL or -url leads server and
// client to another broker.
package examples
