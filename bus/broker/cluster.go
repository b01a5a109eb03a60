package broker

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// WaitCluster waits until this member is connected to size-1 others and they have
// elected a JetStream leader that counts them all: from then on a bucket can have
// size replicas. An error names who is there and who is missing.
func (b *Broker) WaitCluster(ctx context.Context, size int) error {
	if !b.plan.clustered {
		if size <= 1 {
			return nil
		}
		return fmt.Errorf("broker: %s can't wait for %d members, it stands alone; set Config.Cluster", b.Name(), size)
	}
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		members := b.members()
		leader, counted := b.leader()
		if len(members) >= size && leader != "" && counted >= size && b.server.JetStreamIsCurrent() {
			return nil
		}
		select {
		case <-ctx.Done():
			return b.incomplete(ctx.Err(), members, size, leader, counted)
		case <-poll.C:
		}
	}
}

// members returns the names of those connected, this one first.
func (b *Broker) members() []string {
	names := []string{b.Name()}
	routes, err := b.server.Routez(nil)
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

// leader returns JetStream's leader, "" while there is none, and how many members
// the group counts.
func (b *Broker) leader() (name string, members int) {
	info, err := b.server.Jsz(&server.JSzOptions{})
	if err != nil || info.Meta == nil {
		return "", 0
	}
	return info.Meta.Leader, info.Meta.Size
}

func (b *Broker) incomplete(cause error, members []string, size int, leader string, counted int) error {
	cluster := b.plan.options.Cluster.Name
	if len(members) >= size {
		state := "has no JetStream leader yet"
		if leader != "" {
			state = fmt.Sprintf("has the JetStream leader %s, which counts %d members", leader, counted)
		}
		return fmt.Errorf("broker: cluster %q is connected (%s) but %s: %w; wait longer, or look whether former members are still counted",
			cluster, strings.Join(members, ", "), state, cause)
	}
	return fmt.Errorf("broker: cluster %q has %d of %d members (%s)%s: %w", cluster, len(members), size,
		strings.Join(members, ", "), b.missing(), cause)
}

// missing tries the routes, so that the error can say which don't answer.
func (b *Broker) missing() string {
	var silent []string
	for _, route := range b.plan.routes {
		conn, err := net.DialTimeout("tcp", route.Host, 250*time.Millisecond)
		if err != nil {
			silent = append(silent, route.Host)
			continue
		}
		conn.Close()
	}
	if len(silent) > 0 {
		return "; nobody answers at " + strings.Join(silent, ", ") + ", start them or correct Cluster.Routes"
	}
	if len(b.plan.routes) == 0 {
		return "; it has no routes of its own, so the others must have " + b.ClusterURL() + " in their Cluster.Routes"
	}
	return "; all its routes answer, so check that every member has the same Cluster.Name, User and Password and a Name of its own"
}
