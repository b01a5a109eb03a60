//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package broker

import "os"

// lockFile only shows that the directory can be written: this platform has no lock
// in the standard library, so a second broker isn't noticed.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
}

func unlockFile(*os.File) {}
