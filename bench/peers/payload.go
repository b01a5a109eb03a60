package peers

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/helium-rpc/helium/bench/benchsvc"
)

// Payload is what calls carry.
type Payload string

// The payloads.
const (
	Add     Payload = "add"   // two floats there, one back
	Echo1K  Payload = "1k"    // 1 KiB of bytes there and back
	Echo16K Payload = "16k"   // 16 KiB
	Echo256 Payload = "256k"  // 256 KiB
	Order   Payload = "order" // a nested struct of some 600 bytes
)

// The streams, of peers that have some. One is read for each call.
const (
	Numbers Payload = "numbers" // 10,000 floats
	Blobs   Payload = "blobs"   // 64 values of 64 KiB
)

// Streams returns them all.
func Streams() []Payload { return []Payload{Numbers, Blobs} }

// Items returns how many items a call carries, in either direction: 1 but for streams.
func (p Payload) Items() int {
	switch p {
	case Numbers:
		return 10_000
	case Blobs:
		return 64
	}
	return 1
}

// Payloads returns them all.
func Payloads() []Payload { return []Payload{Add, Echo1K, Echo16K, Echo256, Order} }

// ParsePayload returns the payload of that name.
func ParsePayload(name string) (Payload, error) { return parse("payload", Payloads(), name) }

// ParseStream returns the stream of that name.
func ParseStream(name string) (Payload, error) { return parse("stream", Streams(), name) }

func parse(what string, all []Payload, name string) (Payload, error) {
	var names []string
	for _, p := range all {
		if string(p) == name {
			return p, nil
		}
		names = append(names, string(p))
	}
	return "", fmt.Errorf("no %s is called %q; there are %s", what, name, strings.Join(names, ", "))
}

// data returns the bytes of an echo, nil for a payload that isn't one.
func (p Payload) data() []byte {
	sizes := map[Payload]int{Echo1K: 1 << 10, Echo16K: 16 << 10, Echo256: 256 << 10}
	n := sizes[p]
	if n == 0 {
		return nil
	}
	return bytes.Repeat([]byte("helium: "), n/8)
}

// What is added, and the sum.
const (
	addA, addB = 2.5, 4.25
	addSum     = addA + addB
)

func checkSum(sum float64) error {
	if sum != addSum {
		return fmt.Errorf("add(%v, %v) = %v, want %v", addA, addB, sum, addSum)
	}
	return nil
}

// checkData looks at length and ends: comparing all of it would be measured too.
func checkData(got, want []byte) error {
	if len(got) != len(want) || got[0] != want[0] || got[len(got)-1] != want[len(want)-1] {
		return fmt.Errorf("echo of %d bytes returned %d others", len(want), len(got))
	}
	return nil
}

func checkOrder(got, want *benchsvc.Order) error {
	return checkOrderParts(got.ID, len(got.Lines), got.Customer.Address.City, len(got.Notes), want)
}

func checkOrderParts(id string, lines int, city string, notes int, want *benchsvc.Order) error {
	if id != want.ID || lines != len(want.Lines) || city != want.Customer.Address.City || notes != len(want.Notes) {
		return fmt.Errorf("echoOrder returned order %q of %q with %d lines, %d notes; want %q of %q with %d, %d",
			id, city, lines, notes, want.ID, want.Customer.Address.City, len(want.Lines), len(want.Notes))
	}
	return nil
}

// callerOf returns the Call of a payload for a client that can make each kind of call.
func callerOf(p Payload, add func(a, b float64) (float64, error), echo func([]byte) ([]byte, error), echoOrder func(*benchsvc.Order) (*benchsvc.Order, error)) (Call, error) {
	if p == Add {
		return func() error {
			sum, err := add(addA, addB)
			if err != nil {
				return err
			}
			return checkSum(sum)
		}, nil
	}
	if p == Order {
		want := benchsvc.SampleOrder()
		return func() error {
			got, err := echoOrder(&want)
			if err != nil {
				return err
			}
			return checkOrder(got, &want)
		}, nil
	}
	want := p.data()
	if want == nil {
		return nil, fmt.Errorf("no payload is called %q", p)
	}
	return func() error {
		got, err := echo(want)
		if err != nil {
			return err
		}
		return checkData(got, want)
	}, nil
}
