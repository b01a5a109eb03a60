package helium_test

import (
	"context"
	"maps"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestMetadataAddUpAlongAContext(t *testing.T) {
	root := context.Background()
	if got := helium.MetadataFrom(root); got != nil {
		t.Errorf("metadata of a bare context = %v, want nil", got)
	}
	given := helium.Metadata{"tenant": "a", "trace": "1"}
	outer := helium.WithMetadata(root, given)
	inner := helium.WithMetadata(outer, helium.Metadata{"trace": "2", "user": "u"})
	given["tenant"] = "changed afterwards"

	for _, c := range []struct {
		name string
		ctx  context.Context
		want helium.Metadata
	}{
		{"outer", outer, helium.Metadata{"tenant": "a", "trace": "1"}},
		{"inner", inner, helium.Metadata{"tenant": "a", "trace": "2", "user": "u"}},
	} {
		if got := helium.MetadataFrom(c.ctx); !maps.Equal(got, c.want) {
			t.Errorf("%s: MetadataFrom = %v, want %v", c.name, got, c.want)
		}
		if got := helium.SentMetadata(c.ctx); !maps.Equal(got, c.want) {
			t.Errorf("%s: SentMetadata = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestReceivedMetadataAreReadAndNotSent(t *testing.T) {
	sent := helium.WithMetadata(context.Background(), helium.Metadata{"mine": "m"})
	received := helium.WithReceivedMetadata(sent, helium.Metadata{"token": "t"})
	if got, want := helium.MetadataFrom(received), (helium.Metadata{"token": "t"}); !maps.Equal(got, want) {
		t.Errorf("MetadataFrom = %v, want %v", got, want)
	}
	if got := helium.SentMetadata(received); got != nil {
		t.Errorf("SentMetadata = %v, want nil", got)
	}
	added := helium.WithMetadata(received, helium.Metadata{"own": "o"})
	if got, want := helium.SentMetadata(added), (helium.Metadata{"own": "o"}); !maps.Equal(got, want) {
		t.Errorf("after WithMetadata, SentMetadata = %v, want %v: the token isn't for others", got, want)
	}
	passedOn := helium.WithMetadata(received, helium.MetadataFrom(received))
	if got, want := helium.SentMetadata(passedOn), (helium.Metadata{"token": "t"}); !maps.Equal(got, want) {
		t.Errorf("passed on on purpose, SentMetadata = %v, want %v", got, want)
	}
}

// back is the service behind another one; it answers with the metadata that it got.
type back struct{}

func (back) Seen(ctx context.Context) helium.Metadata { return helium.MetadataFrom(ctx) }

// front calls back from its handlers.
type front struct{ client *rpcclient.Client }

// Forward calls back in the context as it is.
func (f front) Forward(ctx context.Context) (helium.Metadata, error) {
	return rpcclient.Call[helium.Metadata](ctx, f.client, "back.seen")
}

// PassOn calls back with what came.
func (f front) PassOn(ctx context.Context) (helium.Metadata, error) {
	return f.Forward(helium.WithMetadata(ctx, helium.MetadataFrom(ctx)))
}

// Add calls back with metadata of its own.
func (f front) Add(ctx context.Context) (helium.Metadata, error) {
	return f.Forward(helium.WithMetadata(ctx, helium.Metadata{"front": "f"}))
}

func TestAHandlerPassesMetadataOnOnlyIfItSaysSo(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "back", back{})
	heliumtest.Serve(env, "front", front{env.NewClient(rpcclient.Config{})})
	ctx := helium.WithMetadata(context.Background(), helium.Metadata{"token": "secret"})
	for _, c := range []struct {
		method string
		want   helium.Metadata
	}{
		{"back.seen", helium.Metadata{"token": "secret"}},
		{"front.forward", nil},
		{"front.add", helium.Metadata{"front": "f"}},
		{"front.passOn", helium.Metadata{"token": "secret"}},
	} {
		got, err := rpcclient.Call[helium.Metadata](ctx, env.Client, c.method)
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%s: back saw %v, %v; want %v", c.method, got, err, c.want)
		}
	}
}
