package peers_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// A stopped client of arpc leaves this goroutine behind now and then.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/lesismal/arpc.(*Client).batchSendLoop"))
}
