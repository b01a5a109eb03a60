package bus

import (
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/helium-rpc/helium"
)

// parseServers reads a comma separated list; "" stands for $NATS_URL or DefaultURL.
// Its errors never repeat what stands before an "@", where secrets are.
func parseServers(list string) ([]*url.URL, error) {
	origin := "{Config.URL}" // as errors name it
	if strings.TrimSpace(list) == "" {
		list, origin = os.Getenv("NATS_URL"), "the environment's NATS_URL"
	}
	if strings.TrimSpace(list) == "" {
		list, origin = DefaultURL, "the default URL"
	}
	raws := strings.Split(list, ",")
	if passwordSplit(raws) {
		return nil, helium.NewConfigError("bus", origin+" has a comma before a user's \"@\", and no scheme between; write each server as nats://host:4222, and a comma in a name, a password or a token as %2C")
	}
	var urls []*url.URL
	for i, raw := range raws {
		raw = strings.TrimSpace(raw)
		if raw == "" {
			continue
		}
		u, problem := parseServer(raw)
		if problem != "" && strings.Contains(strings.Join(raws[i+1:], ""), "@") {
			// The comma may be one of a password.
			return nil, helium.NewConfigError("bus", "a server in "+origin+" "+problem+"; write it as nats://host:4222, and a comma in a password as %2C")
		}
		if problem != "" {
			return nil, helium.ConfigErrorf("bus", "%s in "+origin+" %s; write it as nats://host:4222", withoutUserinfo(raw), problem)
		}
		urls = append(urls, u)
	}
	if len(urls) == 0 {
		return nil, helium.NewConfigError("bus", origin+" lists no server; write it as nats://host:4222,nats://other:4222")
	}
	for _, u := range urls {
		if websocket(u) != websocket(urls[0]) {
			return nil, helium.NewConfigError("bus", origin+" mixes ws:// with nats:// servers; list servers of one kind")
		}
	}
	return urls, nil
}

// passwordSplit reports that a comma most likely is one of a name, a password or a token: what
// follows it has an "@", and no scheme, though the server before has one or has no "@".
func passwordSplit(raws []string) bool {
	for i, raw := range raws[1:] {
		before := raws[i]
		if strings.Contains(raw, "@") && !strings.Contains(raw, "://") && (strings.Contains(before, "://") || !strings.Contains(before, "@")) {
			return true
		}
	}
	return false
}

// parseServer returns what is wrong with raw, without repeating it.
func parseServer(raw string) (u *url.URL, problem string) {
	if !strings.Contains(raw, "://") {
		raw = "nats://" + raw
	}
	_, rest, _ := strings.Cut(raw, "://")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 && strings.ContainsAny(rest[:at], "/?#") {
		return nil, `has a "/", "?" or "#" before its "@", which are %2F, %3F and %23 in a password`
	}
	u, err := url.Parse(raw)
	if err != nil {
		// url.Parse's own words may hold the password.
		return nil, "isn't a URL"
	}
	switch u.Scheme {
	case "nats", "tls", "ws", "wss":
	default:
		if strings.Contains(raw, "@") {
			return nil, "has a scheme which isn't one of nats, tls, ws and wss" // and may be a password's
		}
		return nil, fmt.Sprintf("has the scheme %q, which isn't one of nats, tls, ws and wss", u.Scheme)
	}
	if u.Hostname() == "" {
		return nil, "names no host"
	}
	if strings.ContainsAny(u.Hostname(), " \t") {
		return nil, "names a host with a space in it"
	}
	return u, ""
}

func websocket(u *url.URL) bool { return strings.HasPrefix(u.Scheme, "ws") }

// redact shows a server to people: the user's name stays, a password or a token goes.
func redact(u *url.URL) string {
	shown := *u
	if u.User != nil {
		if _, ok := u.User.Password(); ok {
			shown.User = url.UserPassword(u.User.Username(), "xxxxx")
		} else {
			shown.User = url.User("xxxxx") // a name alone is a token to NATS
		}
	}
	return shown.String()
}

func redactAll(urls []*url.URL) string {
	shown := make([]string, len(urls))
	for i, u := range urls {
		shown[i] = redact(u)
	}
	return strings.Join(shown, ",")
}

// redactRaw is redact for a URL that nats.go hands out as text.
func redactRaw(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return withoutUserinfo(raw)
	}
	return redact(u)
}

// withoutUserinfo quotes a URL that may not even be one, less all that stands
// before its last "@".
func withoutUserinfo(raw string) string {
	if at := strings.LastIndexByte(raw, '@'); at >= 0 {
		raw = "…" + raw[at:]
	}
	return fmt.Sprintf("%.100q", raw)
}
