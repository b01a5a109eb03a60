package broker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// store is the directory that a running broker keeps its data in.
type store struct {
	path      string
	temporary bool
	lock      *os.File // nil where the directory is nobody else's anyway
}

// lockName is the file in a directory whose lock says that a broker uses it.
const lockName = "broker.lock"

var errLocked = errors.New("locked")

// openStore makes the directory ready to be written, "" for a temporary one.
func openStore(dir string) (*store, error) {
	if dir == "" {
		path, err := os.MkdirTemp("", "helium-broker-")
		if err != nil {
			return nil, fmt.Errorf("broker: can't make a temporary directory: %w; set TMPDIR to one that can be written, or Config.Dir", err)
		}
		return &store{path: path, temporary: true}, nil
	}
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("broker: Dir %q: %w; use an absolute path", dir, err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("broker: can't make the directory Dir %q: %w; choose one that this user may write", dir, err)
	}
	lock, err := lockFile(filepath.Join(path, lockName))
	switch {
	case errors.Is(err, errLocked):
		return nil, fmt.Errorf("broker: Dir %q is used by another running broker; stop it, or give this one a directory of its own", dir)
	case err != nil:
		return nil, fmt.Errorf("broker: can't write into Dir %q: %w; choose one that this user may write", dir, err)
	}
	return &store{path: path, lock: lock}, nil
}

// close lets go of the directory, and removes a temporary one.
func (s *store) close() error {
	if s.temporary {
		return os.RemoveAll(s.path)
	}
	// The file stays: were it removed, two brokers could hold locks on two files.
	return s.lock.Close()
}
