// Package rpcclient calls services on a NATS bus.
package rpcclient
