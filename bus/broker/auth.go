package broker

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/helium-rpc/helium"
)

// authenticator decides who may connect. The server's own lists could not tell a
// connection made within the process, which needs no credentials, from others.
type authenticator struct {
	closed bool // nobody but this process: nothing was asked to listen for clients
	token  string
	users  map[string]account // by name or nkey
}

type account struct {
	User
	permissions *server.Permissions // nil: everything
}

// newAuthenticator returns nil where everyone may connect.
func newAuthenticator(config Config) (*authenticator, error) {
	a := &authenticator{closed: config.Listen == "" && config.Websocket == nil, token: config.Token, users: make(map[string]account)}
	for i, u := range config.Users {
		id := u.Name
		switch {
		case u.NKey != "" && (u.Name != "" || u.Password != ""):
			return nil, helium.ConfigErrorf("broker", "{Users}[%d] has both an NKey and a Name or Password; keep one kind", i)
		case u.NKey != "":
			id = u.NKey
			if !nkeys.IsValidPublicUserKey(u.NKey) {
				return nil, helium.ConfigErrorf("broker", "{Users}[%d].NKey isn't the public key of a user; it begins with \"U\", and the seed stays with the client", i)
			}
		case u.Name == "":
			return nil, helium.ConfigErrorf("broker", "{Users}[%d] has no Name; set Name and Password, or NKey", i)
		case u.Password == "":
			return nil, helium.ConfigErrorf("broker", "user %.100q has no {Password}; set one, or anyone could be that user", u.Name)
		}
		if _, twice := a.users[id]; twice {
			return nil, helium.ConfigErrorf("broker", "user %.100q is in {Users} twice; keep one", id)
		}
		permissions, err := permissionsOf(u)
		if err != nil {
			return nil, helium.ConfigErrorf("broker", "user %.100q: %w", id, err)
		}
		a.users[id] = account{User: u, permissions: permissions}
	}
	if !a.closed && a.token == "" && len(a.users) == 0 {
		return nil, nil
	}
	return a, nil
}

// Check implements server.Authentication.
func (a *authenticator) Check(c server.ClientAuthentication) bool {
	opts := c.GetOpts()
	inProcess := false
	if remote := c.RemoteAddress(); remote != nil {
		inProcess = remote.Network() == "pipe" // net.Pipe's, which no socket has
	}
	switch {
	case a.closed && !inProcess:
		return false
	case opts.Nkey != "":
		u, ok := a.users[opts.Nkey]
		if !ok || u.NKey == "" || !signed(u.NKey, c.GetNonce(), opts.Sig) {
			return false
		}
		a.admit(c, u, u.NKey)
		return true
	case opts.Username != "":
		u, ok := a.users[opts.Username]
		if !ok || u.NKey != "" || !equal(u.Password, opts.Password) {
			return false
		}
		a.admit(c, u, u.Name)
		return true
	case opts.Token != "":
		return a.token != "" && equal(a.token, opts.Token)
	}
	return inProcess
}

func (a *authenticator) admit(c server.ClientAuthentication, u account, name string) {
	c.RegisterUser(&server.User{Username: name, Permissions: u.permissions})
}

// equal takes the same time whatever the difference.
func equal(want, got string) bool {
	w, g := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(got))
	return subtle.ConstantTimeCompare(w[:], g[:]) == 1
}

func signed(public string, nonce []byte, signature string) bool {
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	key, err := nkeys.FromPublicKey(public)
	return err == nil && key.Verify(nonce, sig) == nil
}

// permissionsOf returns nil where the user may do everything.
func permissionsOf(u User) (*server.Permissions, error) {
	for _, list := range [][]string{u.Publish.Allow, u.Publish.Deny, u.Subscribe.Allow, u.Subscribe.Deny} {
		for _, subject := range list {
			if !server.IsValidSubject(subject) {
				return nil, fmt.Errorf("%.100q isn't a subject; write tokens joined by single dots, \"*\" for any token, \">\" last for any rest", subject)
			}
		}
	}
	if u.Responses < -1 || u.ResponseTime < 0 {
		return nil, errors.New("its Responses must be -1 (any number), 0 (none) or more, and its ResponseTime not negative")
	}
	p := &server.Permissions{Publish: permissionOf(u.Publish), Subscribe: permissionOf(u.Subscribe)}
	if u.Subscribe.Allow != nil && len(u.Subscribe.Allow) == 0 {
		// To the server an empty list of subscriptions is no list.
		p.Subscribe.Deny = []string{">"}
	}
	if u.Responses != 0 {
		p.Response = &server.ResponsePermission{MaxMsgs: u.Responses, Expires: u.ResponseTime}
		if p.Response.Expires == 0 {
			p.Response.Expires = server.DEFAULT_ALLOW_RESPONSE_EXPIRATION
		}
		if p.Publish == nil {
			p.Publish = &server.SubjectPermission{}
		}
		if p.Publish.Allow == nil {
			p.Publish.Allow = []string{}
		}
	}
	if p.Publish == nil && p.Subscribe == nil && p.Response == nil {
		return nil, nil
	}
	return p, nil
}

func permissionOf(s Subjects) *server.SubjectPermission {
	if s.Allow == nil && len(s.Deny) == 0 {
		return nil
	}
	return &server.SubjectPermission{Allow: s.Allow, Deny: s.Deny}
}
