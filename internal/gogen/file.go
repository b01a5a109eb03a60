package gogen

import (
	"bytes"
	"errors"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/tools/go/packages"
)

// File is a generated file.
type File struct {
	// Path is where it belongs, absolute.
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
	mode := os.FileMode(0o644)
	if info, err := os.Stat(f.Path); err == nil {
		mode = info.Mode().Perm()
	}
	temporary, err := os.CreateTemp(filepath.Dir(f.Path), ".helium-*")
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
		err = os.Rename(temporary.Name(), f.Path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
		return fmt.Errorf("the file can't be written: %w", err)
	}
	return nil
}

var generatedHeader = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// isGenerated reports a file that says of itself that nobody wrote it.
func isGenerated(path string) bool {
	content, err := os.ReadFile(path)
	return err == nil && generatedHeader.Match(content)
}

var generatedType = regexp.MustCompile(`(?m)^//\thelium gen go .*--type (\S+)`)

// notOfAnother refuses to write over what was generated for another interface that is still
// there: the names of two may differ in case only, and the files' names have none.
func notOfAnother(pkg *packages.Package, path, typ string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil // it isn't there, or Fresh tells what is wrong with it
	}
	match := generatedType.FindSubmatch(content)
	if match == nil || string(match[1]) == typ {
		return nil
	}
	other, ok := pkg.Types.Scope().Lookup(string(match[1])).(*types.TypeName)
	if !ok || !types.IsInterface(other.Type()) {
		return nil
	}
	return fmt.Errorf("%s is what was generated for the interface %s; choose another name for that of %s with --out", shortPath(path), other.Name(), typ)
}

// mayReplace refuses to write over what a person wrote.
func mayReplace(path string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) || isGenerated(path) {
		return nil
	}
	return fmt.Errorf("%s is there and wasn't generated; choose another name with --out, or remove the file", shortPath(path))
}
