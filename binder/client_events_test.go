package binder

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestAnEventOfAnInstanceThatCannotBeRegisteredIsNotTold(t *testing.T) {
	t.Parallel()
	_, _, c := world(t, Config{})
	var told events
	stop, err := c.Watch("", told.add)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for _, instance := range []string{"", "a b", "a.b", "*", ">", "a\n", "ä", strings.Repeat("a", 100_000), "good"} {
		event, err := json.Marshal(Event{Kind: Registered, Record: record("math", instance, "add"), Revision: 5})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.nc.Publish(c.subjects.Event("math"), event); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "only the event of an instance that could be is told", told.is("registered math/good;"))
}
