//go:build !linux

package namespace

import "errors"

var errLinuxOnly = errors.New("network namespaces are Linux's")

// Namespace is a network of its own, which there isn't here.
type Namespace struct{}

// New fails here.
func New(string) (*Namespace, error) { return nil, errLinuxOnly }

// Enter fails here.
func (n *Namespace) Enter() error { return errLinuxOnly }

// Close does nothing here.
func (n *Namespace) Close() error { return nil }
