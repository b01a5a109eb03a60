package direct

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/helium-rpc/helium/internal/wire"
)

const nonceSize = 32

type nonce [nonceSize]byte

// proof is what only who knows a secret can make.
type proof [sha256.Size]byte

// session names a connection to both of its ends, and to nobody else.
type session [sha256.Size]byte

// transcript is what both ends of a connection have said before they prove that they know the
// ticket's secret.
type transcript struct {
	id             wire.TicketID
	client, server nonce
	// The keys of both ends, as the exchange of the ticket has them.
	clientKey, serverKey wire.Fingerprint
}

// Each proof begins with who gives it, so none can be taken for another.
const (
	byServer  = "helium direct link 1, server"
	byClient  = "helium direct link 1, client"
	ofSession = "helium direct link 1, session"
	byFurther = "helium direct link 1, further"
)

func (t *transcript) prove(secret *wire.Secret, by string) proof {
	return prove(secret, by, t.id[:], t.client[:], t.server[:], t.clientKey[:], t.serverKey[:])
}

// session returns what further tickets on the connection are bound to.
func (t *transcript) session(secret *wire.Secret) session { return session(t.prove(secret, ofSession)) }

// prove returns the proof that a ticket was asked for by who has a connection.
func (s *session) prove(id *wire.TicketID, secret *wire.Secret) proof {
	return prove(secret, byFurther, s[:], id[:])
}

// prove returns the HMAC-SHA256 under a secret of a label, a zero byte, and parts of fixed
// lengths.
func prove(secret *wire.Secret, label string, parts ...[]byte) (p proof) {
	mac := hmac.New(sha256.New, secret[:])
	mac.Write([]byte(label))
	mac.Write([]byte{0})
	for _, part := range parts {
		mac.Write(part)
	}
	mac.Sum(p[:0])
	return p
}

// is compares in a time that doesn't tell where they differ.
func (p proof) is(other []byte) bool { return hmac.Equal(p[:], other) }
