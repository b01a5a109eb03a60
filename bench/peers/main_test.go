package peers_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/helium-rpc/helium/internal/leak"
)

// A stopped client of arpc leaves this goroutine behind now and then.
var known = goleak.IgnoreAnyFunction("github.com/lesismal/arpc.(*Client).batchSendLoop")

func TestMain(m *testing.M) { os.Exit(leak.Run(m, known)) }
