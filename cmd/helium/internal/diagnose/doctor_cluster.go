package diagnose

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/shell"
)

// What a cluster's servers that are gone mean for the registry.

// lastSeen is after how long without a word a server of the bucket's group is gone. They
// speak to each other each second.
const lastSeen = 5 * time.Second

// JetStream's answers about a bucket whose servers are gone.
const (
	noLeader      jetstream.ErrorCode = 10008
	bucketOffline jetstream.ErrorCode = 10118
)

// replicasGone returns the names of the servers that should keep a bucket and are gone, and
// of those that are there and behind.
func replicasGone(info *jetstream.StreamInfo) (gone, behind []string) {
	if info.Cluster == nil {
		return nil, nil
	}
	for _, peer := range info.Cluster.Replicas {
		switch {
		case peer.Offline, !peer.Current && peer.Active > lastSeen:
			gone = append(gone, peer.Name)
		case !peer.Current:
			behind = append(behind, peer.Name)
		}
	}
	slices.Sort(gone)
	slices.Sort(behind)
	return gone, behind
}

// replicas says how a bucket's replicas are, where it has several. text is what else there
// is to say of the bucket.
func replicas(s *store, info *jetstream.StreamInfo, text string) finding {
	all := info.Config.Replicas
	gone, behind := replicasGone(info)
	left, quorum := all-len(gone), all/2+1
	names := strings.Join(gone, " and ")
	switch {
	case gone == nil && behind == nil:
		return found("%s, all up", text)
	case gone == nil:
		return found("%s, all up; %s catching up", text, areOrIs(behind))
	}
	next := fmt.Sprintf("start %s again; or, if that is for ever, give its place to another server: %s", names,
		shell.Line("nats", "stream", "cluster", "peer-remove", s.stream(), gone[0]))
	switch spare := left - quorum; {
	case spare < 0 || info.Cluster.Leader == "":
		return failed(cli.ExitNoBus, next, fmt.Errorf("%s: %s gone; %d of %d replicas are left, and without more than half no service can register or be found anew", text, areOrIs(gone), left, all))
	case spare == 0:
		return advised(next, "%s: %s gone; %d of %d replicas are left, which is enough, but with one more gone no service can register or be found anew", text, areOrIs(gone), left, all)
	default:
		return advised(next, "%s: %s gone; %d of %d replicas are left, and %d more may go before no service can register or be found anew", text, areOrIs(gone), left, all, spare)
	}
}

func areOrIs(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names, " and ") + " are"
}

// unanswered is the finding where nobody speaks for the bucket.
func unanswered(nc *nats.Conn, s *store, err error) finding {
	api, answered := errors.AsType[*jetstream.APIError](err)
	switch {
	case answered && api.ErrorCode == bucketOffline:
		return failed(cli.ExitNoBus, "start the server that keeps it again; or, if that is for ever: nats kv del "+s.name+", and servers register again",
			fmt.Errorf("no server that keeps the bucket %s is up, so no service can register or be found anew: %w", s.name, err))
	case answered && api.ErrorCode == noLeader, !answered && errors.Is(err, context.DeadlineExceeded) && nc.ConnectedClusterName() != "":
		return failed(cli.ExitNoBus, "start the cluster's servers that are down: nats server report jetstream",
			fmt.Errorf("nobody answers for the bucket %s: a server that keeps it is gone, or JetStream has no leader, for which more than half of the cluster's servers have to be up: %w", s.name, err))
	}
	return failed(cli.ExitNoBus, "nats stream info "+s.stream(), fmt.Errorf("the bucket %s can't be looked at: %w", s.name, err))
}

// silentServers returns those of the servers that were named to which nobody can connect,
// and how many were named. All are tried at once.
func silentServers(ctx context.Context, nc *nats.Conn) (silent []string, named int) {
	servers := nc.Opts.Servers
	if len(servers) < 2 {
		return nil, len(servers)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	answers := make([]bool, len(servers))
	var all sync.WaitGroup
	for i, server := range servers {
		all.Go(func() {
			u, err := url.Parse(server)
			if err != nil || u.Port() == "" {
				answers[i] = true // nobody knows
				return
			}
			var dialer net.Dialer
			conn, err := dialer.DialContext(ctx, "tcp", u.Host)
			if err == nil {
				conn.Close()
			}
			answers[i] = err == nil
		})
	}
	all.Wait()
	for i, server := range servers {
		if u, err := url.Parse(server); err == nil && !answers[i] {
			silent = append(silent, u.Host)
		}
	}
	return silent, len(servers)
}

// serversGone is a warning of servers that were named and are gone, if any are.
func serversGone(ctx context.Context, nc *nats.Conn, text string) (f finding, gone bool) {
	silent, named := silentServers(ctx, nc)
	if silent == nil {
		return finding{}, false
	}
	return advised("start what should listen there, or name it no more", "%s; of %s that were named, nobody answers at %s", text, amount.Of(named, "server"), strings.Join(silent, ", ")), true
}
