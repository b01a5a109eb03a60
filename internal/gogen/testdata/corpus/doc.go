// Package corpus has interfaces of every form that can be called remotely, for the tests
// of package gogen: the code beside each is what it generates, so it is compiled, linted
// and called like any other.
package corpus
