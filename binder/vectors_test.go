package binder_test

import (
	"testing"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/exchange"
)

func TestABinderAnswersAsTheVectorsSay(t *testing.T) {
	env := heliumtest.New(t)
	exchange.Registry(t, env.Conn("vectors"), "../testdata/vectors/binder.json")
}
