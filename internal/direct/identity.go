package direct

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

// Identity is a key that one end of direct links has for as long as its program runs. Nobody
// vouches for it: the other end knows its fingerprint from the exchange of a ticket.
type Identity struct {
	Fingerprint wire.Fingerprint
	certificate tls.Certificate
}

// NewIdentity makes a key.
func NewIdentity() (*Identity, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	// Nobody looks at anything in it but the key.
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	return &Identity{fingerprintOf(leaf), tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private, Leaf: leaf}}, nil
}

func fingerprintOf(c *x509.Certificate) wire.Fingerprint {
	return sha256.Sum256(c.RawSubjectPublicKeyInfo)
}

// protocol is what both ends name in their TLS handshake.
const protocol = "helium"

func (i *Identity) config() *tls.Config {
	return &tls.Config{
		Certificates:                []tls.Certificate{i.certificate},
		MinVersion:                  tls.VersionTLS13,
		NextProtos:                  []string{protocol},
		SessionTicketsDisabled:      true,
		DynamicRecordSizingDisabled: true,
	}
}

var errWrongKey = errors.New("the other end has another key than the one that the ticket names")

// client returns the client's end of TLS with a server of that key alone.
func (i *Identity) client(conn net.Conn, server wire.Fingerprint) *tls.Conn {
	config := i.config()
	config.InsecureSkipVerify = true // the key is compared instead
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if peer, ok := peerOf(state); !ok || peer != server {
			return errWrongKey
		}
		return nil
	}
	return tls.Client(conn, config)
}

// server returns the server's end of TLS with a client that has some key, which is known once
// they have shaken hands.
func (i *Identity) server(conn net.Conn) *tls.Conn {
	config := i.config()
	config.ClientAuth = tls.RequireAnyClientCert
	return tls.Server(conn, config)
}

// peerOf returns the fingerprint of the key that the other end has proved to have.
func peerOf(state tls.ConnectionState) (wire.Fingerprint, bool) {
	if len(state.PeerCertificates) == 0 {
		return wire.Fingerprint{}, false
	}
	return fingerprintOf(state.PeerCertificates[0]), true
}
