package binder_test

import (
	"testing"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/conformance"
)

func TestABinderAnswersAsTheVectorsSay(t *testing.T) {
	env := heliumtest.New(t)
	conformance.Registry(t, env.Conn("vectors"), "../testdata/vectors/binder.json")
}
