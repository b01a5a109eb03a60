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
	given := helium.Metadata{"tenant": "a", "trace": "1"}
	outer := helium.WithMetadata(root, given)
	inner := helium.WithMetadata(outer, helium.Metadata{"trace": "2", "user": "u"})
	given["tenant"] = "changed afterwards"

	for _, c := range []struct {
		name string
		ctx  context.Context
		want helium.Metadata
	}{
		{"root", root, nil},
		{"outer", outer, helium.Metadata{"tenant": "a", "trace": "1"}},
		{"inner", inner, helium.Metadata{"tenant": "a", "trace": "2", "user": "u"}},
	} {
		if got := helium.SentMetadata(c.ctx); !maps.Equal(got, c.want) {
			t.Errorf("%s: SentMetadata = %v, want %v", c.name, got, c.want)
		}
		if got := helium.MetadataFrom(c.ctx); got != nil {
			t.Errorf("%s: MetadataFrom = %v, want nil: nobody called", c.name, got)
		}
	}
}

func TestWhatIsSentAndWhatWasReceivedNeverHideEachOther(t *testing.T) {
	mine, theirs := helium.Metadata{"mine": "m", "both": "sent"}, helium.Metadata{"token": "t", "both": "received"}
	root := context.Background()
	sentFirst := helium.WithReceivedMetadata(helium.WithMetadata(root, mine), theirs)
	receivedFirst := helium.WithMetadata(helium.WithReceivedMetadata(root, theirs), mine)
	derived, cancel := context.WithCancel(receivedFirst)
	defer cancel()
	for name, ctx := range map[string]context.Context{"sent first": sentFirst, "received first": receivedFirst, "derived": derived} {
		if got := helium.MetadataFrom(ctx); !maps.Equal(got, theirs) {
			t.Errorf("%s: MetadataFrom = %v, want %v", name, got, theirs)
		}
		if got := helium.SentMetadata(ctx); !maps.Equal(got, mine) {
			t.Errorf("%s: SentMetadata = %v, want %v: the token isn't for others", name, got, mine)
		}
	}
	passedOn := helium.WithMetadata(receivedFirst, helium.MetadataFrom(receivedFirst))
	if got, want := helium.SentMetadata(passedOn), (helium.Metadata{"mine": "m", "token": "t", "both": "received"}); !maps.Equal(got, want) {
		t.Errorf("passed on on purpose, SentMetadata = %v, want %v", got, want)
	}
	if got := helium.MetadataFrom(helium.WithMetadata(helium.WithReceivedMetadata(root, nil), mine)); got != nil {
		t.Errorf("from a caller that sent nothing, MetadataFrom = %v, want nil", got)
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

// Own calls back with metadata of its own, and returns what its own caller sent.
func (f front) Own(ctx context.Context) (helium.Metadata, error) {
	ctx = helium.WithMetadata(ctx, helium.Metadata{"front": "f", "token": "another"})
	if _, err := f.Forward(ctx); err != nil {
		return nil, err
	}
	return helium.MetadataFrom(ctx), nil
}

func TestAHandlerPassesMetadataOnOnlyIfItSaysSo(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "back", back{})
	heliumtest.Serve(env, "front", front{env.NewClient(rpcclient.Config{})})
	token := helium.Metadata{"token": "secret"}
	for _, c := range []struct {
		method     string
		sent, want helium.Metadata
	}{
		{"back.seen", token, token},
		{"back.seen", nil, nil},
		{"front.forward", token, nil},
		{"front.add", token, helium.Metadata{"front": "f"}},
		{"front.passOn", token, token},
		{"front.passOn", nil, nil},
		{"front.own", token, token},
		{"front.own", nil, nil},
	} {
		ctx := context.Background()
		if c.sent != nil {
			ctx = helium.WithMetadata(ctx, c.sent)
		}
		got, err := rpcclient.Call[helium.Metadata](ctx, env.Client, c.method)
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%s with %v: got %v, %v; want %v", c.method, c.sent, got, err, c.want)
		}
	}
}
