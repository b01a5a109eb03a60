// Package codec is msgpack as stubs, handlers and interceptors use it: a [Writer] collects
// values, a [Reader] steps over them. What it reads comes from strangers, so nothing is
// allocated for a length that no bytes stand behind, numbers that don't fit are errors, and
// what is common costs neither reflection nor allocation.
package codec
