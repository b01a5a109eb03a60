// Package proxy is a TCP proxy that does to connections what networks do: it cuts them, lets
// nothing through, closes one half, delays, loses and throttles. What one end sends arrives
// whole and in order or not at all, as TCP has it.
//
// proxy.go takes connections in, conditions.go is what is wrong at a moment, pipe.go forwards
// one direction of one connection.
package proxy
