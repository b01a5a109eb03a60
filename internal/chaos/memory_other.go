//go:build !linux

package chaos

// isInMemory reports whether a folder is on a file system in memory that has so many bytes free.
func isInMemory(string, uint64) bool { return false }
