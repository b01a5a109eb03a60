package binder

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
)

// settingsOf returns the registry's bucket's settings.
func settingsOf(t *testing.T, js jetstream.JetStream) (c jetstream.StreamConfig) {
	t.Helper()
	eventually(t, "the bucket's settings", func() error {
		s, err := js.Stream(testContext(t), "KV_helium_registry")
		if err == nil {
			c = s.CachedInfo().Config
		}
		return err
	})
	return c
}

func TestWhatABucketHasOtherwiseThanWasAskedForIsToldAndStands(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		made, asked Config
		says        []string // in as many warnings
	}{
		"nothing asked for":      {Config{Lease: 5 * time.Second, Memory: true}, Config{}, nil},
		"the same":               {Config{Lease: 5 * time.Second, Memory: true, Replicas: 1}, Config{Lease: 5 * time.Second, Memory: true, Replicas: 1}, nil},
		"another lease":          {Config{}, Config{Lease: 10 * time.Second}, []string{"its lease is 30s, and Config.Lease is 10s"}},
		"the default lease":      {Config{Lease: 10 * time.Second}, Config{Lease: 30 * time.Second}, []string{"its lease is 10s, and Config.Lease is 30s"}},
		"in memory":              {Config{}, Config{Memory: true}, []string{"it is kept in files, and Config.Memory"}},
		"both":                   {Config{}, Config{Memory: true, Lease: time.Minute}, []string{"its lease is 30s, and Config.Lease is 1m0s", "it is kept in files"}},
		"one replica, as it has": {Config{}, Config{Replicas: 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startBroker(t, broker.Config{})
			startBinder(t, connect(t, b), test.made)
			js := streams(t, connect(t, b))
			before := settingsOf(t, js)
			var log lines
			test.asked.Logger = slog.New(slog.NewTextHandler(&log, nil))
			nc := connect(t, b)
			reg := startBinder(t, nc, test.asked)
			if err := nc.ForceReconnect(); err != nil { // the bucket is opened again, and nothing is said twice
				t.Fatal(err)
			}
			c := newClient(t, connect(t, b))
			register(t, c, record("math", "i1", "add"))
			reg.Close()
			if got := log.count("level=WARN"); got != len(test.says) {
				t.Errorf("got %d warnings, want %d: %q", got, len(test.says), log.String())
			}
			for _, says := range test.says {
				if log.count(says, "next=", "nats kv del helium_registry") != 1 {
					t.Errorf("got %q, want one line with %q and what to do", log.String(), says)
				}
			}
			if after := settingsOf(t, js); after.MaxAge != before.MaxAge || after.Storage != before.Storage || after.Replicas != before.Replicas {
				t.Errorf("got %v, want what it was made with, %v", after, before)
			}
		})
	}
}

func TestABucketMadeByHandGetsWhatARegistryNeedsAndKeepsItsLimits(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	js := streams(t, connect(t, b))
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{
		Name: "KV_helium_registry", Subjects: []string{"$KV.helium_registry.>"}, MaxMsgsPerSubject: 5, MaxBytes: 1 << 20,
		Discard: jetstream.DiscardOld, AllowRollup: true, AllowDirect: true,
	}); err != nil {
		t.Fatal(err)
	}
	startBinder(t, connect(t, b), Config{Lease: 20 * time.Second})
	c := settingsOf(t, js)
	if c.MaxAge != 20*time.Second || c.SubjectDeleteMarkerTTL != 20*time.Second || c.MaxMsgsPerSubject != 1 || c.Discard != jetstream.DiscardNew || c.MaxBytes != 1<<20 {
		t.Errorf("got %+v, want a lease of 20s with markers, one value a key, refusal when full, and its own 1 MiB", c)
	}
	register(t, newClient(t, connect(t, b)), record("math", "i1", "add"))
}

// threeMembers starts a cluster of three.
func threeMembers(t *testing.T) (members []*broker.Broker) {
	t.Helper()
	var routes []string
	for i := range 3 {
		b := startBroker(t, broker.Config{Name: fmt.Sprintf("member-%d", i), Listen: "127.0.0.1:0", Cluster: &broker.Cluster{Routes: routes}})
		members, routes = append(members, b), append(routes[:len(routes):len(routes)], b.ClusterURL())
	}
	for _, b := range members {
		if err := b.WaitCluster(testContext(t), 3); err != nil {
			t.Fatal(err)
		}
	}
	return members
}

func TestReplicasAreRaisedAndNeverLoweredSoTwoOpinionsDontChangeThemToAndFro(t *testing.T) {
	t.Parallel()
	members := threeMembers(t)
	js := streams(t, connect(t, members[0]))
	start := func(replicas int) *lines {
		t.Helper()
		log := new(lines)
		eventually(t, fmt.Sprintf("a binder with %d replicas starts", replicas), func() error {
			reg, err := Start(testContext(t), connect(t, members[0]), Config{Replicas: replicas, Memory: true, Logger: slog.New(slog.NewTextHandler(log, nil))})
			if err != nil && !errors.Is(err, helium.ErrStoreUnavailable) {
				t.Fatal(err)
			}
			if err == nil {
				t.Cleanup(reg.Close)
			}
			return err
		})
		return log
	}
	for _, step := range []struct {
		replicas, want int
		says           string
	}{
		{1, 1, ""},
		{3, 3, "kept on more servers from now on"},
		{1, 3, "it has 3 replicas, and Config.Replicas is 1"},
		{0, 3, ""},
		{3, 3, ""},
	} {
		log := start(step.replicas)
		if got := settingsOf(t, js).Replicas; got != step.want {
			t.Errorf("after a binder with %d: got %d replicas, want %d", step.replicas, got, step.want)
		}
		if step.says != "" && log.count("level=WARN", step.says) != 1 {
			t.Errorf("a binder with %d: got %q, want one warning %q", step.replicas, log.String(), step.says)
		}
		if got := log.count("other settings"); step.says == "" && got != 0 {
			t.Errorf("a binder with %d: got %q, want no warning", step.replicas, log.String())
		}
	}
	// More than there are servers: of a bucket that is there, and of one that isn't.
	for _, prefix := range []string{"helium", "other"} {
		_, err := Start(testContext(t), connect(t, members[1]), Config{Prefix: prefix, Replicas: 5, Logger: quiet()})
		if !errors.Is(err, helium.ErrStoreRefused) || !strings.Contains(err.Error(), "Config.Replicas is 5") || !strings.Contains(err.Error(), "set Config.Replicas to fewer") {
			t.Errorf("five replicas on three servers, prefix %s: got %v, want %v and what to do", prefix, err, helium.ErrStoreRefused)
		}
	}
}
