//go:build !linux

package process

import (
	"errors"
	"time"
)

func cpuOf(int) (time.Duration, error) {
	return 0, errors.New("the processor's time of another process is read on Linux only")
}
