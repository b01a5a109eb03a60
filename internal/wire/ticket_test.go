package wire

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/helium-rpc/helium/internal/vectors"
)

// ticketFile is what testdata/vectors/tickets.json has of tickets.
type ticketFile struct {
	About    string
	Requests []struct {
		Name, Hex, Client string
		OnlyRead          bool `json:"only_read"`
	}
	Tickets []struct {
		Name, Hex          string
		Addresses          []string
		ID, Secret, Server string
		OnlyRead           bool `json:"only_read"`
	}
	RefusedTickets []struct{ Name, Hex string } `json:"refused_tickets"`
}

func readTicketVectors(t testing.TB) (file ticketFile) {
	t.Helper()
	vectors.Read(t, "../../testdata/vectors/tickets.json", &file)
	if len(file.Requests) < 2 || len(file.Tickets) < 3 || len(file.RefusedTickets) < 8 {
		t.Fatalf("%d requests, %d tickets, %d refused ones; the vectors are incomplete", len(file.Requests), len(file.Tickets), len(file.RefusedTickets))
	}
	return file
}

// only returns the one frame of a message.
func only(t *testing.T, message string) Frame {
	t.Helper()
	frames, err := readAll(unhex(t, message))
	if err != nil || len(frames) != 1 {
		t.Fatalf("%s reads as %d frames, %v; want one", message, len(frames), err)
	}
	return frames[0]
}

func TestTicketsAreWrittenAndReadAsTheVectorsSay(t *testing.T) {
	file := readTicketVectors(t)
	for _, v := range file.Requests {
		f := only(t, v.Hex)
		client, err := ReadTicketRequest(f.Body)
		if f.Kind != KindTicketRequest || err != nil || !bytes.Equal(client[:], unhex(t, v.Client)) {
			t.Errorf("%s: read kind %d, %x, %v; want %d, %s", v.Name, f.Kind, client, err, KindTicketRequest, v.Client)
		}
		if written := AppendTicketRequest(AppendMessageHeader(nil), client); !v.OnlyRead && !bytes.Equal(written, unhex(t, v.Hex)) {
			t.Errorf("%s: written %x, want %s", v.Name, written, v.Hex)
		}
	}
	for _, v := range file.Tickets {
		f := only(t, v.Hex)
		got, err := ReadTicket(f.Body)
		want := &Ticket{Addresses: v.Addresses}
		copy(want.ID[:], unhex(t, v.ID))
		copy(want.Secret[:], unhex(t, v.Secret))
		copy(want.Server[:], unhex(t, v.Server))
		if f.Kind != KindTicket || err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: read kind %d, %+v, %v; want %d, %+v", v.Name, f.Kind, got, err, KindTicket, want)
		}
		if written := AppendTicket(AppendMessageHeader(nil), want); !v.OnlyRead && !bytes.Equal(written, unhex(t, v.Hex)) {
			t.Errorf("%s: written %x, want %s", v.Name, written, v.Hex)
		}
	}
	for _, v := range file.RefusedTickets {
		f := only(t, v.Hex)
		var err error
		if f.Kind == KindTicketRequest {
			_, err = ReadTicketRequest(f.Body)
		} else {
			_, err = ReadTicket(f.Body)
		}
		if err == nil {
			t.Errorf("%s: it was read, want an error", v.Name)
		}
	}
}

func TestFramesAboutTicketsAreWrittenAsTheyWereRead(t *testing.T) {
	file := readTicketVectors(t)
	for _, v := range file.Tickets {
		f := only(t, v.Hex)
		if written := AppendFrame(AppendMessageHeader(nil), &f); !bytes.Equal(written, unhex(t, v.Hex)) {
			t.Errorf("%s: written again %x, want %s", v.Name, written, v.Hex)
		}
	}
}

func TestATicketNamesSoManyAddressesAtMost(t *testing.T) {
	long := &Ticket{}
	for range MaxAddresses + 1 {
		long.Addresses = append(long.Addresses, "127.0.0.1:1")
	}
	long.Addresses = append([]string{string(make([]byte, MaxAddress+1))}, long.Addresses...)
	frames, err := readAll(AppendTicket(AppendMessageHeader(nil), long))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadTicket(frames[0].Body)
	if err != nil || len(got.Addresses) != MaxAddresses || got.Addresses[0] != "127.0.0.1:1" {
		t.Errorf("read %d addresses, the first %.20q, %v; want the first %d that aren't too long", len(got.Addresses), got.Addresses[0], err, MaxAddresses)
	}
}

func FuzzTicketsOfStrangersDoNoHarm(f *testing.F) {
	file := readTicketVectors(f)
	for _, v := range file.Requests {
		f.Add(unhex(f, v.Hex))
	}
	for _, v := range file.Tickets {
		f.Add(unhex(f, v.Hex))
	}
	for _, v := range file.RefusedTickets {
		f.Add(unhex(f, v.Hex))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		frames, err := readAll(payload)
		if err != nil {
			return
		}
		for _, frame := range frames {
			_, _ = ReadTicketRequest(frame.Body)
			ticket, err := ReadTicket(frame.Body)
			if err != nil {
				continue
			}
			if len(ticket.Addresses) > MaxAddresses {
				t.Errorf("%x has %d addresses, want at most %d", payload, len(ticket.Addresses), MaxAddresses)
			}
			for _, address := range ticket.Addresses {
				if len(address) > MaxAddress {
					t.Errorf("%x has an address of %d bytes, want at most %d", payload, len(address), MaxAddress)
				}
			}
			// What can be read can be written, and reads the same.
			written, err := readAll(AppendTicket(AppendMessageHeader(nil), ticket))
			if err != nil || len(written) != 1 {
				t.Fatalf("%+v was written as %d frames, %v; want one", ticket, len(written), err)
			}
			if again, err := ReadTicket(written[0].Body); err != nil || !reflect.DeepEqual(again, ticket) {
				t.Errorf("written and read again: %+v, %v; want %+v", again, err, ticket)
			}
		}
	})
}
