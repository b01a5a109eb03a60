package rpcclient

import (
	"fmt"
	"testing"

	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/rpcclient/internal/keys"
)

func TestWhereAllAreToBeAvoidedAKeyPicksAsIfNoneWas(t *testing.T) {
	var at []*link.Method
	var avoid []string
	for i := range 5 {
		instance := fmt.Sprint("i", i)
		at, avoid = append(at, &link.Method{Endpoint: &link.Endpoint{Instance: instance}}), append(avoid, instance)
	}
	nobody := func(string) bool { return false }
	w := &way{each: keys.NewCandidates(at, nobody, nobody)}
	key := keys.New("customer-7")
	if got, want := w.choose(&key, avoid), w.choose(&key, nil); got != want {
		t.Errorf("with all to be avoided, picked %s, want %s as if none was", got.Endpoint.Instance, want.Endpoint.Instance)
	}
}
