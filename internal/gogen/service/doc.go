// Package service reads an interface as a service that can be called remotely: its methods with
// their signatures in Helium's notation, and what comments and constants say beside the types.
// It finds all that is wrong with it, each fault at its place in the source.
package service
