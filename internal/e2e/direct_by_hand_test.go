package e2e_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/direct"
	"github.com/helium-rpc/helium/internal/wire"
)

// handmade is a direct link whose client does as docs/protocol.md says, up to when it is open, and then
// what a test wants.
type handmade struct {
	net.Conn
	t       testing.TB
	service uint16 // its number
}

// ticketByHand asks an instance for a ticket.
func ticketByHand(t testing.TB, nc *nats.Conn, service, instance string) (key wire.Fingerprint, ticket *wire.Ticket) {
	t.Helper()
	rand.Read(key[:])
	question := wire.AppendTicketRequest([]byte{0xc1, 0x01}, key)
	answer, err := nc.RequestWithContext(testContext(t), "helium.at."+service+"."+instance, question)
	if err != nil {
		t.Fatalf("asking for a ticket: %v", err)
	}
	if ticket, err = direct.ReadTicket(answer.Data); err != nil {
		t.Fatalf("asking for a ticket: %v", err)
	}
	return key, ticket
}

// openByHand opens a link to an instance on this host.
func openByHand(t testing.TB, nc *nats.Conn, service, instance string) *handmade {
	t.Helper()
	key, ticket := ticketByHand(t, nc, service, instance)
	h := dialByHand(t, ticket)
	nonce := make([]byte, 32)
	rand.Read(nonce)
	h.write(slices.Concat([]byte("\xc1Helium\x01"), ticket.ID[:], nonce))
	challenge := h.read(64)
	said := slices.Concat(ticket.ID[:], nonce, challenge[:32], key[:], ticket.Server[:])
	prove := func(label string) []byte {
		mac := hmac.New(sha256.New, ticket.Secret[:])
		mac.Write(append([]byte(label+"\x00"), said...))
		return mac.Sum(nil)
	}
	if !bytes.Equal(challenge[32:], prove("helium direct link 1, server")) {
		t.Fatal("the server doesn't prove that it knows the secret")
	}
	h.write(prove("helium direct link 1, client"))
	kind, taken := h.frame()
	if kind != 8 || !bytes.Equal(taken[:16], ticket.ID[:]) {
		t.Fatalf("a frame of kind %d: % x, want that the ticket is taken", kind, taken)
	}
	h.service = binary.BigEndian.Uint16(taken[16:])
	return h
}

// dialByHand connects to where a ticket leads, and says nothing.
func dialByHand(t testing.TB, ticket *wire.Ticket) *handmade {
	t.Helper()
	conn, err := net.Dial("tcp", ticket.Addresses[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &handmade{Conn: conn, t: t}
}

func (h *handmade) write(b []byte) {
	h.t.Helper()
	if _, err := h.Write(b); err != nil {
		h.t.Fatal(err)
	}
}

func (h *handmade) read(n int) []byte {
	h.t.Helper()
	b := make([]byte, n)
	_ = h.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(h, b); err != nil {
		h.t.Fatalf("reading: %v", err)
	}
	return b
}

// frame reads a frame.
func (h *handmade) frame() (kind byte, rest []byte) {
	h.t.Helper()
	b := h.read(int(binary.BigEndian.Uint32(h.read(4))))
	return b[0], b[1:]
}

// calls is a frame of a message of calls of one method, for a service by its number.
func (h *handmade) calls(service uint16, method string, message []byte) []byte {
	body := binary.BigEndian.AppendUint16([]byte{1}, service)
	body = binary.BigEndian.AppendUint64(body, 7)
	body = append(append(body, byte(len(method))), method...)
	return framedByHand(append(body, message...))
}

func framedByHand(body []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// answers pings, and reports whether the link still stands.
func (h *handmade) answers() bool {
	h.t.Helper()
	if _, err := h.Write(framedByHand([]byte("\x0401234567"))); err != nil {
		return false
	}
	for {
		_ = h.SetReadDeadline(time.Now().Add(patience))
		var head [5]byte
		if _, err := io.ReadFull(h, head[:]); err != nil {
			h.stillOpen(err)
			return false
		}
		rest := make([]byte, binary.BigEndian.Uint32(head[:])-1)
		if _, err := io.ReadFull(h, rest); err != nil {
			h.stillOpen(err)
			return false
		}
		if head[4] == 5 && string(rest) == "01234567" {
			return true
		}
	}
}

// ends waits for the end of the connection.
func (h *handmade) ends(what string) {
	h.t.Helper()
	_ = h.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, h); h.stillOpen(err) {
		h.t.Errorf("%s: the connection is open after %v, want its end", what, patience)
	}
}

func (h *handmade) stillOpen(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}
