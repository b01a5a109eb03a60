package bus

import (
	"net"
	"testing"
)

func TestTheSystemKeepsLittleForAnEndThatReadsNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ours := unblocked(socket, 0)
	defer ours.Close()
	theirs, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	const room = 256 << 10 // of the other end; the system takes it as it likes
	if err := theirs.(*net.TCPConn).SetReadBuffer(room); err != nil {
		t.Fatal(err)
	}
	const all = 6 << 20
	if _, err := ours.Write(make([]byte, all)); err != nil {
		t.Fatal(err)
	}
	kept, _ := ours.Kept()
	if took := all - kept; took > 4*room+2*mostUnsentInSystem {
		t.Errorf("the system took %d bytes, want those that there is room for at the other end and %d", took, mostUnsentInSystem)
	}
}
