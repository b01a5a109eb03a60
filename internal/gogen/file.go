package gogen

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// File is a generated file.
type File struct {
	// Path is where it belongs.
	Path string
	// Content is what it should hold.
	Content []byte
	// Service is the name of the service that its client calls.
	Service string
	// Command is the command line that makes it, to be run in its folder.
	Command string
}

// Fresh reports whether the file on disk holds what it should. A file that isn't there
// isn't fresh.
func (f *File) Fresh() (bool, error) {
	content, err := os.ReadFile(f.Path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil && bytes.Equal(content, f.Content), err
}

// Write puts the file in its place: whole or not at all, and not if it is fresh, so that
// its time stays.
func (f *File) Write() error {
	if fresh, err := f.Fresh(); err != nil || fresh {
		return err
	}
	path := f.Path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a link stays one
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".helium-*")
	if err != nil {
		return fmt.Errorf("the file can't be written: %w", err)
	}
	_, err = temporary.Write(f.Content)
	if err == nil {
		err = temporary.Chmod(mode)
	}
	if closed := temporary.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
		return fmt.Errorf("the file can't be written: %w", err)
	}
	return nil
}
