package direct

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// listenUnix listens at a path, or in a directory at a path of its own. Only this user's programs
// get there.
func listenUnix(path, instance string) (net.Listener, string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, path, err
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		removeAbandoned(path)
		path = filepath.Join(path, instance+".sock")
	}
	one, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EADDRINUSE) && isAbandoned(path) {
		if err = os.Remove(path); err == nil {
			one, err = net.Listen("unix", path)
		}
	}
	if errors.Is(err, syscall.EINVAL) && len(path) > leastLongPath {
		err = fmt.Errorf("the path of the socket %s is %d bytes long, and systems take %d to 107 at most; choose a shorter one", path, len(path), leastLongPath)
	}
	if err != nil {
		return nil, path, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = one.Close()
		return nil, path, err
	}
	return one, path, nil
}

const (
	// leastLongPath is the longest path of a socket that every system takes.
	leastLongPath = 103
	// youngSocket is how old a socket's file has to be to be taken for a killed server's: one that begins to
	// listen has the file a moment before.
	youngSocket = 10 * time.Second
)

// removeAbandoned removes the sockets of servers that were killed from a directory of such sockets.
func removeAbandoned(dir string) {
	paths, _ := filepath.Glob(filepath.Join(dir, "*.sock")) // fails for a pattern, at which nothing is lost
	for _, path := range paths {
		if info, err := os.Lstat(path); err == nil && time.Since(info.ModTime()) > youngSocket && isAbandoned(path) {
			_ = os.Remove(path) // else it stays, as it did
		}
	}
}

// isAbandoned reports whether a path is that of a socket on which nobody listens any more.
func isAbandoned(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		_ = conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
