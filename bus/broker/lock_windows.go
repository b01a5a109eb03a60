package broker

import (
	"errors"
	"os"
	"syscall"
)

// errorSharingViolation is ERROR_SHARING_VIOLATION, which package syscall lacks.
// Source: https://learn.microsoft.com/windows/win32/debug/system-error-codes--0-499-
const errorSharingViolation syscall.Errno = 32

// lockFile returns errLocked if someone holds the lock. A file opened without any
// sharing is the lock; it ends with the process, however that comes.
func lockFile(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE,
		0, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case errors.Is(err, errorSharingViolation):
		return nil, errLocked
	case err != nil:
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(handle), path), nil
}

// unlockFile has nothing to do: closed, the file is free.
func unlockFile(*os.File) {}
