//go:build !linux

package disk

import "errors"

var errLinuxOnly = errors.New("a disk is made full on Linux only")

func mount(string, int64) error { return errLinuxOnly }

func unmount(string) error { return errLinuxOnly }

func limitFiles(int, bool) error { return errLinuxOnly }

// Survive does nothing here.
func Survive() {}
