package broker

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// member is a server that waits until its cluster is complete.
type member struct {
	name    string // its own
	cluster string
	url     string     // for the routes of others
	routes  []*url.URL // to others
	server  *server.Server
	connect func(context.Context) (*nats.Conn, error)
}

// waitFor waits until there are as many members, who can keep as many replicas.
func (m *member) waitFor(ctx context.Context, size int) error {
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	// One name for all tries: the next one also removes what an answer that got lost left.
	name := "HELIUM_WAIT_" + rand.Text()
	var refusal error // why the last try to create a stream failed
	for {
		members, meta := m.members(), m.meta()
		if len(members) >= size && meta.Leader != "" && meta.Size >= size && m.server.JetStreamIsCurrent() {
			if refusal = m.tryReplicas(ctx, name, size); refusal == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return m.incomplete(ctx.Err(), members, size, meta, refusal)
		case <-poll.C:
		}
	}
}

// members returns the names of those connected, this one first.
func (m *member) members() []string {
	names := []string{m.name}
	routes, err := m.server.Routez(nil)
	if err != nil {
		return names
	}
	for _, r := range routes.Routes {
		if r.RemoteName != "" && !slices.Contains(names, r.RemoteName) {
			names = append(names, r.RemoteName)
		}
	}
	slices.Sort(names[1:])
	return names
}

// meta returns what this member knows of JetStream's group: its leader, "" while
// there is none, how many members it counts and the names of the others.
func (m *member) meta() server.MetaClusterInfo {
	info, err := m.server.Jsz(&server.JSzOptions{})
	if err != nil || info.Meta == nil {
		return server.MetaClusterInfo{}
	}
	return *info.Meta
}

// tryReplicas creates a stream of that name and deletes it. Nothing less tells: the leader
// places replicas only on members that have reported to it, some time after they joined, and
// keeps to itself who has.
func (m *member) tryReplicas(ctx context.Context, name string, size int) error {
	nc, err := m.connect(ctx)
	if err != nil {
		return err
	}
	defer nc.Close()
	config, err := json.Marshal(map[string]any{
		"name": name, "subjects": []string{name}, "storage": "memory", "retention": "limits",
		"num_replicas": max(1, min(size, 5)),
	})
	if err != nil {
		return err
	}
	err = jetStreamRequest(ctx, nc, "$JS.API.STREAM.CREATE."+name, config)
	// Whatever the answer, and though ctx may have ended: it must not stay.
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if gone := jetStreamRequest(cleanup, nc, "$JS.API.STREAM.DELETE."+name, nil); err == nil {
		err = gone
	}
	return err
}

func jetStreamRequest(ctx context.Context, nc *nats.Conn, subject string, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	answer, err := nc.RequestWithContext(ctx, subject, payload)
	if err != nil {
		return err
	}
	var result struct {
		Error *struct {
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &result); err != nil {
		return err
	}
	if result.Error != nil {
		return errors.New(result.Error.Description)
	}
	return nil
}

func (m *member) incomplete(cause error, members []string, size int, meta server.MetaClusterInfo, refusal error) error {
	cluster, present := m.cluster, strings.Join(members, ", ")
	switch {
	case len(members) < size:
		return fmt.Errorf("broker: cluster %q has %d of %d members (%s)%s: %w",
			cluster, len(members), size, present, m.missing(members, meta), cause)
	case meta.Leader == "":
		return fmt.Errorf("broker: cluster %q is connected (%s) and has elected no JetStream leader yet: %w; wait longer, or look whether former members are still counted (%d are)",
			cluster, present, cause, meta.Size)
	}
	reason := cmp.Or(refusal, fmt.Errorf("the leader counts %d members", meta.Size))
	return fmt.Errorf("broker: cluster %q is connected (%s) and led by %s, but can't keep %d replicas (%w): %w; wait longer",
		cluster, present, meta.Leader, size, reason, cause)
}

// silentOf returns where nobody takes a connection. All are asked at once, so that one
// that is far away or busy can be given time.
func silentOf(routes []*url.URL) (hosts []string) {
	errs := make([]error, len(routes))
	var all sync.WaitGroup
	for i, route := range routes {
		all.Go(func() {
			conn, err := net.DialTimeout("tcp", route.Host, 2*time.Second)
			if err == nil {
				conn.Close()
			}
			errs[i] = err
		})
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			hosts = append(hosts, routes[i].Host)
		}
	}
	return hosts
}

// missing says whom the group knows and misses, and tries the routes to say which
// don't answer.
func (m *member) missing(members []string, meta server.MetaClusterInfo) string {
	var words strings.Builder
	for _, peer := range meta.Replicas {
		if !slices.Contains(members, peer.Name) {
			fmt.Fprintf(&words, "; %s was a member and is away", peer.Name)
		}
	}
	silent := silentOf(m.routes)
	switch {
	case len(silent) > 0:
		words.WriteString("; nobody answers at " + strings.Join(silent, ", ") + ", start them or correct Cluster.Routes")
	case len(m.routes) == 0:
		words.WriteString("; it has no routes of its own, so the others must have " + m.url + " in their Cluster.Routes")
	default:
		words.WriteString("; its routes answer, so look whether every member has the same Cluster.Name, User and Password, and a Name of its own")
	}
	return words.String()
}
