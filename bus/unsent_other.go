//go:build unix && !linux && !darwin

package bus

// limitUnsent does nothing: the system keeps as much as it likes.
func limitUnsent(uintptr) {}
