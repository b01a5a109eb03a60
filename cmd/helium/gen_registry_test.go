package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/heliumtest"
)

// registryWith starts a broker and a binder that knows some records, and returns the
// broker's address.
func registryWith(t *testing.T, records ...binder.Record) (url string) {
	t.Helper()
	env := heliumtest.NewWith(t, heliumtest.Config{Broker: broker.Config{Listen: "127.0.0.1:0"}})
	registry, err := binder.NewClient(env.Conn("test"), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if _, err := registry.Register(t.Context(), r); err != nil {
			t.Fatalf("registering %s: %v", r, err)
		}
	}
	return env.Broker.URL()
}

func instanceOf(service, instance string, started time.Time, methods ...binder.Method) binder.Record {
	return binder.Record{Service: service, Instance: instance, Started: started, Methods: methods}
}

func TestInTheMiddleOfARolloutTheInstanceThatStartedLastIsGenerated(t *testing.T) {
	morning := time.Date(2026, 1, 2, 8, 0, 0, 0, time.UTC)
	get := binder.Method{Name: "get", Signature: "get(id string) string"}
	newGet := binder.Method{Name: "get", Signature: "get(id int64) string"}
	follow := binder.Method{Name: "follow", Signature: "?", Kind: "future"}
	url := registryWith(t, instanceOf("stock", "iold", morning, get), instanceOf("stock", "inew", morning.Add(time.Hour), newGet, follow))
	var stdout, stderr bytes.Buffer
	if exit := run(t.Context(), []string{"gen", "ts", "stock", "--server", url}, nil, &stdout, &stderr); exit != cli.ExitOK {
		t.Fatalf("got exit code %d, want 0; it said %s", exit, &stderr)
	}
	if want := "async get(id: Int64,"; !strings.Contains(stdout.String(), want) {
		t.Errorf("the output lacks %q:\n%s", want, &stdout)
	}
	want := "stock: the instance that started last counts; iold is different\n" +
		"stock: left out, because they are of another kind: follow\n"
	if stderr.String() != want {
		t.Errorf("got on stderr:\n%s\nwant:\n%s", &stderr, want)
	}
}

func TestAServiceThatChangesMakesItsFileStale(t *testing.T) {
	method := func(signature string) binder.Method { return binder.Method{Name: "get", Signature: signature} }
	before := registryWith(t, instanceOf("stock", "i1", time.Time{}, method("get(id string) string")))
	after := registryWith(t, instanceOf("stock", "i2", time.Time{}, method("get(id string) string?")))
	path := filepath.Join(t.TempDir(), "stock.json")
	for _, step := range []struct {
		url  string
		more []string
		want int
	}{
		{before, nil, cli.ExitOK},
		{before, []string{"--check"}, cli.ExitOK},
		{after, []string{"--check"}, cli.ExitInternal},
		{after, nil, cli.ExitOK},
		{after, []string{"--check"}, cli.ExitOK},
	} {
		var stderr bytes.Buffer
		args := append([]string{"gen", "openrpc", "stock", "--out", path, "--server", step.url}, step.more...)
		if got := run(t.Context(), args, nil, &bytes.Buffer{}, &stderr); got != step.want {
			text, _ := os.ReadFile(path)
			t.Fatalf("helium %s: got exit code %d, want %d; it said %s\nthe file:\n%s", strings.Join(args, " "), got, step.want, &stderr, text)
		}
		if step.want != cli.ExitOK && !strings.Contains(stderr.String(), "helium gen openrpc stock --out "+path) {
			t.Errorf("got %s, want the command that refreshes the file", &stderr)
		}
	}
}
