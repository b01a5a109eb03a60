package process

import (
	"errors"
	"time"
)

// errStillWaiting stands for a call that doesn't fail.
var errStillWaiting = errors.New("no answer yet")

// Failures makes calls one by one and tells how long each took to fail, MaxFail at most.
// A call that lasts longer is left behind.
func Failures(call func() error, count int) (failures []Failure) {
	for range count {
		began := time.Now()
		result := make(chan error, 1)
		go func() { result <- call() }()
		timeout := time.NewTimer(MaxFail)
		var err error
		select {
		case err = <-result:
		case <-timeout.C:
			err = errStillWaiting
		}
		timeout.Stop()
		failure := Failure{Took: time.Since(began)}
		if err != nil {
			failure.Error = err.Error()
		}
		failures = append(failures, failure)
	}
	return failures
}
