package source

import (
	"os"
	"testing"

	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }
