// Package binder is the registry: it knows which services exist.
package binder
