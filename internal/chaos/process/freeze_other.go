//go:build !unix

package process

import (
	"errors"
	"os"
)

var errNoFreeze = errors.New("this system has no signal that freezes a process")

func freeze(*os.Process) error { return errNoFreeze }

func thaw(*os.Process) error { return errNoFreeze }
