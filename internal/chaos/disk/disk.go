// Package disk makes disks full.
package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Disk is where a process keeps its data, and can be made full.
type Disk interface {
	// How says what it is, for people.
	How() string
	// Fill takes the room that is left from a process.
	Fill(pid int) error
	// Free gives it back.
	Free(pid int) error
	// Close ends it.
	Close() error
}

// New returns a disk of so many bytes in a folder: a file system of its own where this process
// may mount one, or else a limit on how large the files of the process may grow.
func New(folder string, size int64) (Disk, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	err := mount(folder, size)
	if err == nil {
		return &small{folder: folder, size: size}, nil
	}
	return &limited{why: err}, nil
}

// small is a file system in memory.
type small struct {
	folder string
	size   int64
}

func (d *small) How() string { return fmt.Sprintf("a disk of %d MB, a tmpfs", d.size>>20) }

func (d *small) filler() string { return filepath.Join(d.folder, "filler") }

func (d *small) Fill(int) error {
	file, err := os.Create(d.filler())
	if err != nil {
		return err
	}
	defer file.Close()
	for block := make([]byte, 64<<10); err == nil; {
		_, err = file.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return nil
}

func (d *small) Free(int) error { return os.Remove(d.filler()) }

func (d *small) Close() error { return unmount(d.folder) }

// limited is a disk that is full for one process, as it may not write.
type limited struct{ why error }

func (d *limited) How() string {
	return fmt.Sprintf("no room for files of the process, by RLIMIT_FSIZE, as no small disk can be mounted here (%v)", d.why)
}

func (d *limited) Fill(pid int) error { return limitFiles(pid, true) }

func (d *limited) Free(pid int) error { return limitFiles(pid, false) }

func (d *limited) Close() error { return nil }
