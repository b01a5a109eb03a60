package link

import (
	"fmt"
	"testing"
)

func TestNoRouteIsKeptToWhatStrangersName(t *testing.T) {
	d, _ := newTestDispatcher(t)
	l := addMemory(t, d)
	service := d.Endpoint("math", "")
	known := d.Endpoint("math", "i1").Method("add")
	routes := d.links.routes.Load()
	for i := range 100 {
		name := fmt.Sprint("x", i)
		for _, to := range []*Method{known, d.NewEndpoint("math", name).Method("add"), service.NewMethod(name)} {
			_, w := send(t, d, to)
			l.answer(t)
			if err := w.wait(t).err(); err != nil {
				t.Fatalf("%s of instance %q: %v", to.Name, to.Endpoint.Instance, err)
			}
		}
	}
	if got := d.Counters.DirectFrames.Load(); got != 300 {
		t.Errorf("%d calls left by the link, want 300", got)
	}
	isKept := func(to destination) bool {
		routes.mu.RLock()
		defer routes.mu.RUnlock()
		return routes.known[to] != nil
	}
	if !isKept(destination{known.Endpoint, "add"}) {
		t.Error("no route is kept to the endpoint that is kept")
	}
	if n := len(routes.known); n > 3 { // one may be of several methods
		t.Errorf("%d routes are kept, want that of the endpoint that is kept", n)
	}
	stranger := d.NewEndpoint("math", "i2")
	call := func() {
		t.Helper()
		_, w := send(t, d, stranger.Method("add"))
		l.answer(t)
		w.wait(t)
	}
	call()
	if isKept(destination{stranger, "add"}) {
		t.Error("a route is kept to an endpoint that isn't")
	}
	if !d.Keep(stranger) {
		t.Fatal("the endpoint isn't kept")
	}
	call()
	if !isKept(destination{stranger, "add"}) {
		t.Error("no route is kept to an endpoint that is kept by now")
	}
	d.Told("math", func(instance string) bool { return instance == "i1" }, nil)
	routes = d.links.routes.Load()
	call()
	if isKept(destination{stranger, "add"}) {
		t.Error("a route is kept to an endpoint that is so no longer, as its instance is gone")
	}
	d.Forget("math")
	routes = d.links.routes.Load()
	_, w := send(t, d, known)
	l.answer(t)
	if w.wait(t); isKept(destination{known.Endpoint, "add"}) {
		t.Error("a route is kept to an endpoint of a service that was forgotten")
	}
}
