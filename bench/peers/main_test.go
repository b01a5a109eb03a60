package peers_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

// A stopped client of arpc leaves this goroutine behind now and then.
var known = goleak.IgnoreAnyFunction("github.com/lesismal/arpc.(*Client).batchSendLoop")

func TestMain(m *testing.M) { goleak.VerifyTestMain(unhurried{m}, known) }

// unhurried waits for goroutines that are ending, which on a busy machine may take
// longer than goleak waits.
type unhurried struct{ m *testing.M }

func (u unhurried) Run() int {
	code := u.m.Run()
	for deadline := time.Now().Add(20 * time.Second); code == 0 && goleak.Find(known) != nil && time.Now().Before(deadline); {
	}
	return code
}
