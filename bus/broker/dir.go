package broker

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/helium-rpc/helium"
)

// store is the directory that a running broker keeps its data in.
type store struct {
	path      string
	temporary bool
	lock      *os.File // nil where the directory is nobody else's anyway
}

// lockName is the file in a directory whose lock says that a broker uses it.
const lockName = "broker.lock"

// openStore makes the directory ready to be written, "" for a temporary one.
func openStore(dir string) (*store, error) {
	if dir == "" {
		path, err := os.MkdirTemp("", "helium-broker-")
		if err != nil {
			return nil, helium.ConfigErrorf("broker", "can't make a temporary directory: %w; set TMPDIR to one that can be written, or {Config.Dir}", err)
		}
		return &store{path: path, temporary: true}, nil
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, helium.ConfigErrorf("broker", "{Dir} %q: %w; use an absolute path", dir, err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, helium.ConfigErrorf("broker", "can't make the directory {Dir} %q: %w; choose one that this user may write", dir, err)
	}
	lock, err := lockFile(filepath.Join(path, lockName))
	switch {
	case errors.Is(err, errLocked):
		return nil, helium.ConfigErrorf("broker", "{Dir} %q is %w by another running broker; stop it, or give this one a directory of its own", dir, err)
	case err != nil:
		return nil, helium.ConfigErrorf("broker", "can't write into {Dir} %q: %w; choose one that this user may write", dir, err)
	}
	return &store{path: path, lock: lock}, nil
}

// close lets go of the directory, and removes a temporary one.
func (s *store) close() error {
	if s.temporary {
		return removeAll(s.path)
	}
	// A program that this process starts at this moment has a copy of the file until it
	// is under way, so closing alone wouldn't let the lock go.
	unlockFile(s.lock)
	// The file stays: were it removed, two brokers could hold locks on two files.
	return s.lock.Close()
}

// removeAll removes a directory in which the server may still write: after its shutdown
// the last goroutines of its store are on their way out.
func removeAll(dir string) error {
	const tries = 100
	for try := 1; ; try++ {
		err := os.RemoveAll(dir)
		if err == nil || try == tries {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}
