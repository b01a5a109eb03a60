package curves

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bench/measure"
	"github.com/helium-rpc/helium/bench/report"
	"github.com/helium-rpc/helium/binder"
)

// registry lets the binder keep more and more records.
func registry(s size) (report.Curve, error) {
	c := report.Curve{
		Title: "A registry with many records", X: "records",
		Notes:   "Services of four instances and four methods. Lookups one after the other, of a service at random. Memory and start are those of a second binder on the same bucket, which reads all of it.",
		Columns: []report.Column{{Name: "lookup p99", Unit: "µs"}, {Name: "binder's heap", Unit: "MiB"}, {Name: "binder's start", Unit: "ms"}, {Name: "registrations a second"}},
	}
	for _, n := range s.steps(1000, 10, 100, 1000, 5000, 20000) {
		point, err := in(func(sys *system) (report.Point, error) { return registryPoint(s, sys, n) })
		if err != nil {
			return c, err
		}
		c.Points = append(c.Points, point)
	}
	return c, nil
}

// perService is how many instances each service of the registry has.
const perService = 4

func registryPoint(s size, sys *system, n int) (p report.Point, err error) {
	nc, err := sys.connect("registrar")
	if err != nil {
		return p, err
	}
	client, err := binder.NewClient(nc, "")
	if err != nil {
		return p, err
	}
	filling, err := timed(func() error { return fill(client, n) })
	if err != nil {
		return p, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	before := heap()
	start, err := timed(func() error {
		_, err := sys.startBinder(ctx)
		return err
	})
	if err != nil {
		return p, err
	}
	memory := heap() - before
	lookups, err := lookups(s, nc, client, (n+perService-1)/perService)
	if err != nil {
		return p, err
	}
	return report.Point{X: float64(n), Values: []float64{
		microseconds(lookups.P99), memory / miB, milliseconds(start), float64(n) / filling.Seconds(),
	}}, nil
}

// fill registers n records, some at once.
func fill(client *binder.Client, n int) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, 32)
	for w := range errs {
		wg.Go(func() {
			for errs[w] == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				_, errs[w] = client.Register(context.Background(), record(i))
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func record(i int) binder.Record {
	r := binder.Record{
		Service: serviceName(i / perService), Instance: fmt.Sprintf("i%d", i), Version: "1.2.3",
		Started: time.Now(), Metadata: map[string]string{"region": "eu-west"},
	}
	for m := range 4 {
		r.Methods = append(r.Methods, binder.Method{Name: methodName(m), Signature: addSignature(methodName(m)), Kind: binder.KindCall})
	}
	return r
}

func lookups(s size, nc *nats.Conn, client *binder.Client, services int) (measure.Sample, error) {
	if err := nc.Flush(); err != nil {
		return measure.Sample{}, err
	}
	sample := measure.Closed(func() error {
		_, err := client.Lookup(context.Background(), serviceName(rand.IntN(services)))
		return err
	}, 1, s.window())
	if sample.Failed > 0 {
		return sample, failed(sample)
	}
	return sample, nil
}
