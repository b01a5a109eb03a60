// Package rpcserver serves Go values to callers on a NATS bus.
package rpcserver
