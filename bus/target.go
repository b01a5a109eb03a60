package bus

import (
	"context"
	"log/slog"
	"net"

	"github.com/nats-io/nats.go"
)

// target is a checked Config: what Connect needs, all defaults filled in.
type target struct {
	servers     []string // URLs with their credentials
	shown       string   // the same for people: comma separated, without secrets
	name        string
	user        string // "" where unknown
	hasIdentity bool   // some credentials are set
	inboxPrefix string
	logger      *slog.Logger
	credentials nats.Option // nil: none, or those in the URLs
	connect     func(ctx context.Context, network, address string) (net.Conn, error)
}

// newTarget completes a Config and checks it.
func newTarget(config Config) (*target, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	t := &target{name: config.Name, logger: config.Logger, user: config.User, connect: (&net.Dialer{Timeout: dialTimeout}).DialContext}
	var inURL bool
	if config.InProcess != nil {
		t.servers, t.shown = []string{"nats://in-process"}, "the broker in this process"
	} else {
		urls, err := parseServers(config.URL)
		if err != nil {
			return nil, err
		}
		for _, u := range urls {
			t.servers = append(t.servers, u.String())
			if u.User == nil {
				continue
			}
			inURL = true
			if _, ok := u.User.Password(); ok && t.user == "" {
				t.user = u.User.Username()
			}
		}
		t.shown = redactAll(urls)
	}
	if t.credentials, err = credentialsOf(config, inURL); err != nil {
		return nil, err
	}
	t.hasIdentity = t.credentials != nil || inURL
	t.inboxPrefix = config.InboxPrefix
	if t.inboxPrefix == "" && subjectToken.MatchString(t.user) {
		t.inboxPrefix = defaultInboxPrefix + "." + t.user
	}
	if err := checkInboxPrefix(t.inboxPrefix); err != nil {
		return nil, err
	}
	return t, nil
}
