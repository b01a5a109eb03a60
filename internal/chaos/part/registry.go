package part

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
)

// Registry is the method of loads that ask the registry for anything, at random, of a few services with an
// instance each. What they were answered can be explained by an order of the requests, see package internal/history.
const Registry = "registry"

// fewServices is how many services they ask for.
const fewServices = 6

// only is the instance of each of these services.
const only = "only"

// requestOf returns what the call of a number asks for.
func requestOf(id int64) *ledger.Request {
	random := rand.New(rand.NewPCG(uint64(id), 0))
	r := &ledger.Request{
		Do:      []ledger.Verb{ledger.Register, ledger.End, ledger.Renew, ledger.Find}[random.IntN(4)],
		Service: fmt.Sprintf("few%d", random.IntN(fewServices)),
	}
	if r.Do == ledger.Register {
		r.Version = fmt.Sprintf("1.0.%d", id)
	}
	return r
}

// registryCaller returns what asks the registry once. That there is nothing is an answer.
func registryCaller(registry *binder.Client) caller {
	return func(ctx context.Context, id int64, end *ledger.Entry) error {
		r := requestOf(id)
		end.Registry = r
		err := ask(ctx, registry, r)
		if errors.Is(err, helium.ErrUnknownInstance) || errors.Is(err, helium.ErrUnknownService) {
			r.Missing = true
			return nil
		}
		return err
	}
}

func ask(ctx context.Context, registry *binder.Client, r *ledger.Request) error {
	switch r.Do {
	case ledger.Register:
		_, err := registry.Register(ctx, binder.Record{
			Service: r.Service, Instance: only, Version: r.Version,
			Methods: []binder.Method{{Name: "run", Signature: "run(a int64, b int64) int64", Kind: binder.KindCall}},
		})
		return err
	case ledger.End:
		return registry.End(ctx, r.Service, only)
	case ledger.Renew:
		_, err := registry.Renew(ctx, r.Service, only)
		return err
	}
	entry, err := registry.Lookup(ctx, r.Service)
	if err != nil {
		return err
	}
	if len(entry.Records) != 1 {
		return fmt.Errorf("there are %d instances of %s, want one", len(entry.Records), r.Service)
	}
	r.Version = entry.Records[0].Version
	return nil
}
