package gogen

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(unhurried{m}) }

// unhurried waits for goroutines that are ending, which on a busy machine may take
// longer than goleak waits.
type unhurried struct{ m *testing.M }

func (u unhurried) Run() int {
	code := u.m.Run()
	for deadline := time.Now().Add(20 * time.Second); code == 0 && goleak.Find() != nil && time.Now().Before(deadline); {
	}
	return code
}
