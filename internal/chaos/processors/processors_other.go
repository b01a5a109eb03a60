//go:build !linux

package processors

import "errors"

var errLinuxOnly = errors.New("on which processors others run can be said on Linux only")

// Split is processors that are divided, which they can't be here.
type Split struct{}

// New fails here.
func New() (*Split, error) { return nil, errLinuxOnly }

// EnterLast fails here.
func (s *Split) EnterLast() error { return errLinuxOnly }

// EnterOthers fails here.
func (s *Split) EnterOthers() error { return errLinuxOnly }
