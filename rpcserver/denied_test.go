package rpcserver_test

import (
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestStartNamesEverySubjectThatIsDenied(t *testing.T) {
	denied := []string{"helium.call.math.add", "helium.call.math.div", "helium.call.math"}
	w := newWorld(t, broker.Config{Users: []broker.User{{
		Name: "math", Password: "x", Subscribe: broker.Subjects{Deny: denied},
	}}})
	w.startBinder(binder.Config{})
	err := mathServer(t, w.connectAs(bus.Config{User: "math", Password: "x"}), rpcserver.Config{}).Start(testContext(t))
	wants(t, err, `Subscription to "helium.call.math" using queue`, `"helium.call.math.add"`, `"helium.call.math.div"`)
}
