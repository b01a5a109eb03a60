package broker

import "errors"

// errLocked is what lockFile returns if another process holds the lock.
var errLocked = errors.New("locked")
