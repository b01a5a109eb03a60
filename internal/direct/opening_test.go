package direct

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

func TestATicketOpensAConnectionByEachKindOfSocket(t *testing.T) {
	dir := t.TempDir()
	s := listen(t, "127.0.0.1:0,[::1]:0,unix:"+dir+",unix:"+filepath.Join(dir, "named.sock"))
	c := newCaller(t)
	for _, a := range s.Addresses() {
		ticket := c.ticket(s, "math")
		l := c.dial(t, a.String(), ticket)
		l.say(t, 7, "hello")
		l.say(t, 8, strings.Repeat("x", 300_000))
		if a.Network == "unix" {
			if info, err := os.Stat(a.Where); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s has the mode %v, %v; want 0600", a, info.Mode(), err)
			}
		}
	}
	for _, in := range s.received() {
		if in.Service != "math" || in.Method != "add" || in.From.Key == "" || in.From.Ephemeral || in.Plain != nil {
			t.Errorf("what came is %+v, want a message for math.add of a caller with a key", in)
		}
	}
	if n := s.Stats.Opened.Load(); n != 4 {
		t.Errorf("%d connections were opened, want 4", n)
	}
}

func TestCallersHaveKeysOfTheirOwn(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	for range 3 {
		c := newCaller(t)
		ticket := c.ticket(s, "math")
		c.dial(t, ticket.Addresses[0], ticket).say(t, 1, "x")
	}
	keys := make(map[string]bool)
	for _, in := range s.received() {
		keys[in.From.Key] = true
		if strings.HasPrefix(in.From.Key, "_") {
			t.Errorf("a caller has the key %q, which one by the bus could have", in.From.Key)
		}
	}
	if len(keys) != 3 {
		t.Errorf("three callers have the keys %v, want one each", keys)
	}
}

func TestATicketIsGoodOnce(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	c := newCaller(t)
	ticket := c.ticket(s, "math")
	c.dial(t, ticket.Addresses[0], ticket)
	if _, err := c.try(context.Background(), ticket.Addresses[0], ticket); stageOf(err) != StageProof {
		t.Errorf("a second connection by the same ticket: %v, want it refused", err)
	}
	counts(t, "refused connection", s.Stats.WrongProofs.Load, 1)
}

func TestATicketIsGoodForAMoment(t *testing.T) {
	var given tickets
	now := time.Now()
	id, _ := given.issue("math", wire.Fingerprint{1}, now)
	late, _ := given.issue("math", wire.Fingerprint{1}, now)
	if g, ok := given.use(id, now.Add(ticketTime-1)); !ok || g.service != "math" {
		t.Errorf("a ticket within its time: got %+v, %t; want it taken", g, ok)
	}
	if _, ok := given.use(late, now.Add(ticketTime)); ok {
		t.Error("a ticket is taken whose time is over")
	}
}

func TestNoTicketHasTheEndOfALineForANameAsItIsSaidToWhoeverListens(t *testing.T) {
	var given tickets
	for range 1000 {
		if id, _ := given.issue("math", wire.Fingerprint{}, time.Now()); bytes.ContainsAny(id[:], "\r\n") {
			t.Fatalf("a ticket has the name %q, which ends a line", id)
		}
	}
	for _, end := range []byte("\r\n") {
		forged := &wire.Ticket{Addresses: []string{"127.0.0.1:1"}, ID: wire.TicketID{'x', end, 'F'}}
		answer := wire.AppendTicket(wire.AppendMessageHeader(nil), forged)
		if ticket, err := ReadTicket(answer); err == nil {
			t.Errorf("a ticket with the name %q is read as %+v, want it refused", forged.ID, ticket)
		}
	}
}

func TestTicketsThatNobodyUsesAreBounded(t *testing.T) {
	var given tickets
	now := time.Now()
	first, _ := given.issue("math", wire.Fingerprint{}, now)
	for range maxTickets {
		given.issue("math", wire.Fingerprint{}, now)
	}
	if len(given.byID) != maxTickets || len(given.issued) != maxTickets {
		t.Errorf("%d tickets are kept, in the order of %d; want %d", len(given.byID), len(given.issued), maxTickets)
	}
	if _, ok := given.use(first, now); ok {
		t.Error("the oldest of too many is still good")
	}
	given.issue("math", wire.Fingerprint{}, now.Add(ticketTime))
	if len(given.byID) != 1 {
		t.Errorf("%d tickets are kept when the time of all others is over, want 1", len(given.byID))
	}
}

func TestWhoDoesNotKnowTheSecretGetsNothing(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	c := newCaller(t)
	ticket := c.ticket(s, "math")
	ticket.Secret[0]++
	if _, err := c.try(context.Background(), ticket.Addresses[0], ticket); !errors.Is(err, errWrongProof) {
		t.Errorf("a server whose proof is of another secret: %v, want %v", err, errWrongProof)
	}
	// One who doesn't look at the server's proof.
	ticket = c.ticket(s, "math")
	conn := dialRaw(t, s)
	sendHello(t, conn, ticket.ID)
	if _, err := io.ReadFull(conn, make([]byte, challengeSize)); err != nil {
		t.Fatalf("the server's proof: %v", err)
	}
	if _, err := conn.Write(make([]byte, len(proof{}))); err != nil {
		t.Fatal(err)
	}
	ends(t, "a wrong proof", conn)
	counts(t, "wrong proof", s.Stats.WrongProofs.Load, 1)
	if n := len(s.received()); n != 0 || s.Stats.Opened.Load() != 0 {
		t.Errorf("%d messages came and %d connections were opened, want none", n, s.Stats.Opened.Load())
	}
}

func TestAServerThatDoesNotKnowTheSecretIsFoundOut(t *testing.T) {
	other := listen(t, "127.0.0.1:0") // at an address that was somebody else's
	s := listen(t, "127.0.0.1:0")
	c := newCaller(t)
	ticket := c.ticket(s, "math")
	if _, err := c.try(context.Background(), other.Addresses()[0].String(), ticket); stageOf(err) != StageProof {
		t.Errorf("another server: %v, want it found out", err)
	}
	// One that mirrors what it gets knows no proof either.
	mirror, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mirror.Close()
	go func() {
		conn, err := mirror.Accept()
		if err == nil {
			defer conn.Close()
			_, _ = io.CopyN(conn, conn, int64(helloSize))
			_, _ = conn.Write(make([]byte, challengeSize))
			_, _ = io.Copy(io.Discard, conn)
		}
	}()
	if _, err := c.try(context.Background(), mirror.Addr().String(), c.ticket(s, "math")); !errors.Is(err, errWrongProof) {
		t.Errorf("a mirror: %v, want %v", err, errWrongProof)
	}
}

func TestATicketIsForTheKeyThatAskedForIt(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	c, thief := newCaller(t), newCaller(t)
	ticket := c.ticket(s, "math")
	// The thief has all of the ticket, and another key: its proof is over that one.
	if _, err := thief.try(context.Background(), ticket.Addresses[0], ticket); !errors.Is(err, errWrongProof) {
		t.Errorf("another key's: %v, want %v", err, errWrongProof)
	}
}

func TestADialedServerIsTriedAtItsNextAddress(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	c := newCaller(t)
	ticket := c.ticket(s, "math")
	ticket.Addresses = append([]string{"unix:/nowhere/at/all.sock", "127.0.0.1:1", "nonsense"}, ticket.Addresses...)
	opened, address, err := c.dialer.dial(context.Background(), "elsewhere", ticket)
	if err != nil || address != ticket.Addresses[3] {
		t.Fatalf("dialed %s, %v; want the last address", address, err)
	}
	opened.close()
	ticket = c.ticket(s, "math")
	ticket.Addresses = []string{"unix:/nowhere/at/all.sock"}
	if _, _, err := c.dialer.dial(context.Background(), "elsewhere", ticket); stageOf(err) != StageReachable || !strings.Contains(err.Error(), "/nowhere/at/all.sock") {
		t.Errorf("an address where nobody is: %v, at stage %s; want it named, %s", err, stageOf(err), StageReachable)
	}
}

func TestAddressesWhereNobodySaysAnythingLeaveTimeForTheOthers(t *testing.T) {
	t.Parallel()
	s := listen(t, "127.0.0.1:0")
	c := newCaller(t)
	ticket := c.ticket(s, "math")
	for range 2 {
		mute, err := net.Listen("tcp", "127.0.0.1:0") // its kernel takes connections, and nobody reads
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { mute.Close() })
		ticket.Addresses = append([]string{mute.Addr().String()}, ticket.Addresses...)
	}
	opened, address, err := c.dialer.dial(context.Background(), "elsewhere", ticket)
	if err != nil || address != ticket.Addresses[2] {
		t.Fatalf("dialed %s, %v; want the last address", address, err)
	}
	linkOf(t, opened, ticket).say(t, 1, "in time")
	soon, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, _, err := c.dialer.dial(soon, "elsewhere", &wire.Ticket{Addresses: ticket.Addresses[:1]}); stageOf(err) != StageProof || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("where nobody says anything: %v, at stage %s; want that the time is over, at stage %s", err, stageOf(err), StageProof)
	}
}

func TestAClientWhoseBusIsEncryptedRefusesPlainConnections(t *testing.T) {
	c := newCaller(t)
	c.secure = func() bool { return true }
	ticket := &wire.Ticket{Addresses: []string{"plain:192.0.2.7:7001"}}
	if _, _, err := c.dialer.dial(context.Background(), "elsewhere", ticket); !errors.Is(err, errPlain) {
		t.Errorf("a plain address: %v, want %v", err, errPlain)
	}
	s := listen(t, "127.0.0.1:0")
	ticket = c.ticket(s, "math")
	c.dial(t, ticket.Addresses[0], ticket).say(t, 1, "on the same host it does no harm")
}

// encrypted opens a connection by TLS, which sockets on this host don't need, to a server that
// knows its client and a client that takes the server for another, or the other way round.
func encrypted(t *testing.T, c *caller, s *server, ticket *wire.Ticket) (*conn, error) {
	t.Helper()
	ours, theirs := pipe()
	s.take(theirs, true)
	return c.open(context.Background(), ours, true, ticket)
}

func TestTLSTakesTheKeysOfTheTicketAndNoOthers(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	c, thief := newCaller(t), newCaller(t)
	ticket := c.ticket(s, "math")
	opened, err := encrypted(t, c, s, ticket)
	if err != nil {
		t.Fatal(err)
	}
	l := &clientLink{conn: opened}
	if _, err := l.firstTaken(ticket.ID); err != nil {
		t.Fatal(err)
	}
	if !l.encrypted() {
		t.Error("the connection isn't encrypted")
	}
	l.say(t, 1, "hello")
	l.say(t, 2, strings.Repeat("x", 300_000))
	l.close()

	ticket = c.ticket(s, "math")
	ticket.Server[0]++
	if _, err := encrypted(t, c, s, ticket); stageOf(err) != StageTLS || !errors.Is(err, errWrongKey) {
		t.Errorf("a server of another key: %v, at stage %s; want %v", err, stageOf(err), errWrongKey)
	}
	ticket = c.ticket(s, "math")
	thief.identity.Fingerprint = c.identity.Fingerprint // it lies of its key
	if opened, err := encrypted(t, thief, s, ticket); err == nil {
		_, err = (&clientLink{conn: opened}).firstTaken(ticket.ID)
		opened.close()
		if err == nil {
			t.Error("a client of another key is let in")
		}
	}
	ours, theirs := pipe() // who doesn't speak TLS
	s.take(theirs, true)
	ticket = c.ticket(s, "math")
	if _, err := c.open(context.Background(), ours, false, ticket); !errors.Is(err, errWantsTLS) {
		t.Errorf("a plain connection where TLS is wanted: %v, want %v", err, errWantsTLS)
	}
	if _, err := encrypted(t, c, s, ticket); err != nil {
		t.Errorf("the same ticket, with TLS: %v", err)
	}
}

// dialRaw connects to a server and says nothing.
func dialRaw(t testing.TB, s *server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addresses()[0].Where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// sendHello begins to open a connection.
func sendHello(t testing.TB, conn net.Conn, id wire.TicketID) {
	t.Helper()
	if _, err := conn.Write(append(append(bytes.Clone(magic[:]), id[:]...), make([]byte, nonceSize)...)); err != nil {
		t.Fatal(err)
	}
}

func TestWhateverElseComesFirstEndsTheConnection(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	another := bytes.Clone(magic[:])
	another[7]++
	for name, first := range map[string]string{
		"another protocol":   "GET / HTTP/1.1\r\n\r\n",
		"another version":    string(another),
		"a Helium message":   "\xc1\x01\x91\x7f........",
		"a frame of calls":   "\x00\x00\x00\x10\x01..................",
		"an unknown ticket":  string(magic[:]) + strings.Repeat("t", helloSize-len(magic)),
		"TLS":                "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"what looks like it": "\xc1Helium\x00" + strings.Repeat("t", helloSize),
	} {
		conn := dialRaw(t, s)
		if _, err := conn.Write([]byte(first)); err != nil {
			t.Fatal(err)
		}
		ends(t, name, conn)
	}
	if n := len(s.received()); n != 0 {
		t.Errorf("%d messages were received, want none", n)
	}
}

func TestConnectionsThatDoNotOpenAreBoundedAndOthersGetInAfterThem(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	var silent []net.Conn
	for range maxHalfOpen {
		silent = append(silent, dialRaw(t, s))
	}
	counts(t, "connections half open", func() uint64 { return uint64(s.Stats.HalfOpen.Load()) }, maxHalfOpen)
	ends(t, "one too many", dialRaw(t, s))
	counts(t, "connection too many", s.Stats.TooMany.Load, 1)
	for _, conn := range silent {
		conn.Close()
	}
	counts(t, "connections half open", func() uint64 { return uint64(s.Stats.HalfOpen.Load()) }, 0)
	c := newCaller(t)
	ticket := c.ticket(s, "math")
	c.dial(t, ticket.Addresses[0], ticket).say(t, 1, "hello")
}

func TestConnectionsThatAreOpenAreBoundedAndOthersGetInAfterThem(t *testing.T) {
	s := listen(t, "127.0.0.1:0")
	s.Listener.mu.Lock()
	for range maxOpen - 1 {
		s.open[new(serverLink)] = struct{}{}
	}
	s.Listener.mu.Unlock()
	leave := func() {
		s.Listener.mu.Lock()
		defer s.Listener.mu.Unlock()
		maps.DeleteFunc(s.open, func(other *serverLink, _ struct{}) bool { return other.conn == nil })
	}
	defer leave()
	_, last := opened(t, s)
	ends(t, "one too many", dialRaw(t, s))
	counts(t, "connection too many", s.Stats.TooMany.Load, 1)
	last.say(t, 1, "of those that are open none ends")
	leave()
	_, next := opened(t, s)
	next.say(t, 1, "hello")
}

func TestAConnectionHasFiveSecondsToOpen(t *testing.T) {
	for _, first := range []string{"", string(magic[:4]), string(magic[:])} {
		synctest.Test(t, func(t *testing.T) {
			s := listen(t, "")
			ours, theirs := pipe()
			s.take(theirs, false)
			began := time.Now()
			if _, err := ours.Write([]byte(first)); err != nil {
				t.Fatal(err)
			}
			ends(t, "a silent connection", ours)
			if took := time.Since(began); took != openingTime {
				t.Errorf("it ended after %v, want %v", took, openingTime)
			}
			s.Close()
		})
	}
}
