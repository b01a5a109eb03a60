package broker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/loopback"
)

// member starts one with a free cluster port and routes to those before.
func member(t *testing.T, name string, cluster broker.Cluster, before ...*broker.Broker) *broker.Broker {
	t.Helper()
	for _, b := range before {
		cluster.Routes = append(cluster.Routes, b.ClusterURL())
	}
	return start(t, broker.Config{Name: name, Cluster: &cluster})
}

// waitCluster waits for a leader too. Candidates may tie, and then they wait for
// several seconds: that is NATS's way and no failure.
func waitCluster(t *testing.T, size int, members ...*broker.Broker) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for _, b := range members {
		if err := b.WaitCluster(ctx, size); err != nil {
			t.Fatal(err)
		}
	}
}

// waitRoutes waits until so many members are connected, led or not.
func waitRoutes(t *testing.T, size int, b *broker.Broker) {
	t.Helper()
	within(t, fmt.Sprintf("%s connected to %d others", b.Name(), size-1), func() bool { return connected(t, b) == size })
}

// connected returns how many members b counts, itself included.
func connected(t *testing.T, b *broker.Broker) (members int) {
	t.Helper()
	now, cancel := context.WithCancel(t.Context())
	cancel() // one look, no waiting
	err := b.WaitCluster(now, 99)
	if err == nil {
		t.Fatal("got 99 members, want an error")
	}
	if _, err := fmt.Sscanf(err.Error()[strings.Index(err.Error(), "has "):], "has %d of 99 members", &members); err != nil {
		t.Fatalf("got %q, want a number of members in it", err)
	}
	return members
}

func TestMembersStartedInSequenceFindEachOther(t *testing.T) {
	t.Parallel()
	a := member(t, "a", broker.Cluster{})
	b := member(t, "b", broker.Cluster{}, a)
	c := member(t, "c", broker.Cluster{}, a) // learns of b from a
	waitCluster(t, 3, a, b, c)
	// The leader may change at any time, and then nobody answers: so each step is tried again.
	here, elsewhere := jetStream(t, inProcess(t, a), brief), jetStream(t, inProcess(t, c), brief)
	within(t, "a bucket with a value", func() bool {
		kv, err := here.CreateKeyValue(&nats.KeyValueConfig{Bucket: "registry", Replicas: 3, Storage: nats.MemoryStorage})
		if err == nil {
			_, err = kv.PutString("math", "here")
		}
		return err == nil
	})
	withinStreams(t, a, "KV_registry")
	within(t, "the value at another member", func() bool {
		kv, err := elsewhere.KeyValue("registry")
		if err != nil {
			return false
		}
		entry, err := kv.Get("math")
		return err == nil && string(entry.Value()) == "here"
	})
}

// brief is for requests to a cluster that are made again.
const brief = nats.MaxWait(2 * time.Second)

// withinStreams waits until these are the only streams: members hear of a removal one
// after the other. The wait for a cluster leaves none of its own.
func withinStreams(t *testing.T, b *broker.Broker, want ...string) {
	t.Helper()
	var got []string
	defer func() {
		if t.Failed() {
			t.Logf("got the streams %q last, want %q", got, want)
		}
	}()
	js := jetStream(t, inProcess(t, b), brief)
	within(t, "no stream but the test's", func() bool {
		got = nil
		for name := range js.StreamNames() {
			got = append(got, name)
		}
		account, err := js.AccountInfo() // the list of names has no error
		return err == nil && account.Streams == len(want) && slices.Equal(got, want)
	})
}

func TestMembersWithPortsPickedUpFrontMayStartAtOnce(t *testing.T) {
	t.Parallel()
	var ports []string
	for range 3 {
		ports = append(ports, loopback.UnusedAddress(t))
	}
	members := make([]*broker.Broker, len(ports))
	var starts sync.WaitGroup
	for i, listen := range ports {
		starts.Go(func() {
			var err error
			members[i], err = broker.Start(t.Context(), broker.Config{
				Name: fmt.Sprint("n", i), Listen: "127.0.0.1:0", Logger: quiet,
				Cluster: &broker.Cluster{Name: "west", Listen: listen, Routes: ports, User: "u", Password: "p"},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	starts.Wait()
	for i, b := range members {
		if b == nil {
			t.FailNow()
		}
		defer b.Close()
		if want := "nats-route://" + ports[i]; b.ClusterURL() != want {
			t.Errorf("got cluster URL %s, want %s", b.ClusterURL(), want)
		}
	}
	waitCluster(t, 3, members...)
	withinStreams(t, members[0])
	echo(t, inProcess(t, members[0]), "echo")
	caller := dial(t, bus.Config{URL: members[2].URL()})
	within(t, "an answer from another member", func() bool {
		answer, err := caller.Request("echo", []byte("hi"), time.Second)
		return err == nil && string(answer.Data) == "hi"
	})
}

func TestAMemberThatListensForNoClientsIsShutToThem(t *testing.T) {
	t.Parallel()
	open := start(t, broker.Config{Name: "open", Listen: "127.0.0.1:0", Cluster: &broker.Cluster{}})
	shut := start(t, broker.Config{Name: "shut", Token: "secret", Cluster: &broker.Cluster{Routes: []string{open.ClusterURL()}}})
	waitRoutes(t, 2, open)
	if shut.URL() != "" {
		t.Errorf("got URL %s, want none", shut.URL())
	}
	if got := dial(t, bus.Config{URL: open.URL()}).DiscoveredServers(); len(got) != 0 {
		t.Errorf("got %q told to clients, want no word of the member that is shut", got)
	}
	inProcess(t, shut)
	if err := broker.KnockAtClientPort(t.Context(), shut, "secret"); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("got %v from its client port, want nats.ErrAuthorization", err)
	}
}

func TestMembersWithTLSKnowEachOther(t *testing.T) {
	t.Parallel()
	cluster := broker.Cluster{TLS: certificate(t).server, User: "u", Password: "p"}
	a := member(t, "a", cluster)
	b := member(t, "b", cluster, a)
	waitRoutes(t, 2, a)
	waitRoutes(t, 2, b)
}

func TestAMemberWithACertificateOfItsOwnIsNoMember(t *testing.T) {
	t.Parallel()
	known := certificate(t).server
	a := member(t, "a", broker.Cluster{TLS: known})
	stranger := known.Clone() // trusts a
	stranger.Certificates = certificate(t).server.Certificates
	b := member(t, "b", broker.Cluster{TLS: stranger}, a)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := b.WaitCluster(ctx, 2); err == nil {
		t.Error("got a cluster, want an error")
	}
	waitRoutes(t, 1, a)
}

func TestWaitClusterNamesWhoIsThereAndWhoIsMissing(t *testing.T) {
	t.Parallel()
	briefly, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	missing := loopback.UnusedAddress(t)
	a := member(t, "a", broker.Cluster{Name: "west", User: "u", Password: "hush"})
	b := start(t, broker.Config{Name: "b", Cluster: &broker.Cluster{Name: "west", User: "u", Password: "hush", Routes: []string{a.ClusterURL(), missing}}})
	waitRoutes(t, 2, a)
	waitRoutes(t, 2, b)
	for _, c := range []struct {
		from  *broker.Broker
		size  int
		wants []string
	}{
		{b, 3, []string{`"west"`, "2 of 3", "(b, a)", "nobody answers at " + missing, "Cluster.Routes"}},
		{a, 3, []string{`"west"`, "2 of 3", "(a, b)", a.ClusterURL()}},
		{start(t, broker.Config{Name: "alone"}), 2, []string{"alone", "set Config.Cluster"}},
		{member(t, "x", broker.Cluster{Name: "east"}, a), 2, []string{"1 of 2", "same Cluster.Name"}},
	} {
		err := c.from.WaitCluster(briefly, c.size)
		if err == nil {
			t.Errorf("%s: got no error, want one with %q", c.from.Name(), c.wants)
			continue
		}
		for _, want := range c.wants {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %q, want %q in it", c.from.Name(), err, want)
			}
		}
		if strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %q, want no password in it", c.from.Name(), err)
		}
	}
	if err := start(t, broker.Config{}).WaitCluster(briefly, 1); err != nil {
		t.Errorf("got %v for one that stands alone and waits for itself, want nil", err)
	}
}

func TestMembersNeedTheClustersPassword(t *testing.T) {
	t.Parallel()
	a := member(t, "a", broker.Cluster{User: "u", Password: "right"})
	b := member(t, "b", broker.Cluster{User: "u", Password: "wrong"}, a)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := b.WaitCluster(ctx, 2); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
	// At each of its tries b takes a for a member, until a has read the password.
	waitRoutes(t, 1, a)
	waitRoutes(t, 1, b)
}
