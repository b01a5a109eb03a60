package benchsvc_test

import (
	"context"
	"os"
	"reflect"
	"testing"

	"github.com/helium-rpc/helium/bench/benchsvc"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/leak"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

// TestTheWrittenOutCodeAgreesWithReflection lets the client and the server in a
// generator's shape meet those that are made by reflection.
func TestTheWrittenOutCodeAgreesWithReflection(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "reflected", benchsvc.New())
	srv := rpcserver.New(env.Conn("server"), rpcserver.Config{})
	if err := benchsvc.Register(srv, "written", benchsvc.New()); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	want := benchsvc.SampleOrder()
	for _, server := range []string{"reflected", "written"} {
		byName, err := rpcclient.Call[benchsvc.Order](t.Context(), env.Client, server+".echoOrder", want)
		if err != nil || !reflect.DeepEqual(byName, want) {
			t.Errorf("%s, called by name: %+v, %v; want %+v", server, byName, err, want)
		}
		stub := benchsvc.NewClient(env.Client, server)
		got, err := stub.EchoOrder(t.Context(), want)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s, called by a stub: %+v, %v; want %+v", server, got, err, want)
		}
		if sum, err := stub.Add(t.Context(), 2, 3); err != nil || sum != 5 {
			t.Errorf("%s: Add(2, 3) = %v, %v; want 5", server, sum, err)
		}
		if data, err := stub.Echo(t.Context(), []byte("helium")); err != nil || string(data) != "helium" {
			t.Errorf("%s: Echo = %q, %v; want helium", server, data, err)
		}
	}
}
