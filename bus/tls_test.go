package bus_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
)

// certificate makes a certificate for loopback that vouches for itself, and who trusts it.
func certificate(t *testing.T) (pair tls.Certificate, trust *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "helium test"},
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	trust = x509.NewCertPool()
	trust.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, trust
}

func TestAServerThatWantsACertificateIsKnownForItEveryTime(t *testing.T) {
	t.Parallel()
	own, trust := certificate(t)
	stranger, _ := certificate(t)
	mutual := &tls.Config{Certificates: []tls.Certificate{own}, ClientCAs: trust, ClientAuth: tls.RequireAndVerifyClientCert}
	b := startBroker(t, broker.Config{TLS: mutual, Token: "secret", Websocket: &broker.Websocket{TLS: mutual}})
	for name, config := range map[string]bus.Config{
		"none":                  {URL: b.URL(), TLS: &tls.Config{RootCAs: trust}},
		"none, TLS 1.2":         {URL: b.URL(), TLS: &tls.Config{RootCAs: trust, MaxVersion: tls.VersionTLS12}},
		"a stranger's":          {URL: b.URL(), TLS: &tls.Config{RootCAs: trust, Certificates: []tls.Certificate{stranger}}},
		"none, by websocket":    {URL: b.WebsocketURL(), TLS: &tls.Config{RootCAs: trust}},
		"a stranger's, by wss":  {URL: b.WebsocketURL(), TLS: &tls.Config{RootCAs: trust, Certificates: []tls.Certificate{stranger}}},
		"none, and the address": {URL: b.URL() + "," + b.URL(), TLS: &tls.Config{RootCAs: trust}},
	} {
		t.Run(name, func(t *testing.T) {
			config.Token, config.Wait, config.Logger = "secret", true, quiet
			for round := range 25 { // the refusal comes after the handshake, by one of several ways
				nc, err := bus.Connect(t.Context(), config)
				if err == nil {
					nc.Close()
				}
				if !errors.Is(err, nats.ErrTLS) || !strings.Contains(err.Error(), "Certificates") {
					t.Fatalf("round %d: got %v, want nats.ErrTLS, and a word on Certificates", round, err)
				}
			}
		})
	}
}
