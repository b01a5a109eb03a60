package codec_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

type selfPointer *selfPointer

type ring struct {
	Name string
	Next *ring
}

type selfMap map[string]selfMap
type selfSlice []selfSlice

func TestWhatCannotBeSentIsAnErrorAndNeverTheEndOfTheProgram(t *testing.T) {
	loop := &ring{Name: "loop"}
	loop.Next = loop
	var anyLoop any
	anyLoop = &anyLoop
	list := []any{nil}
	list[0] = list
	m := selfMap{}
	m[strings.Repeat("m", 50)] = m
	s := selfSlice{nil}
	s[0] = s
	var self selfPointer
	self = &self
	deep := &ring{}
	for range 100 {
		deep = &ring{Next: deep}
	}
	for name, v := range map[string]any{
		"a channel": make(chan int), "a function": func() {}, "a complex number": 1i, "an uintptr": uintptr(1),
		"a channel in a struct": struct{ C chan int }{}, "a function in a list": []any{func() {}},
		"a struct as a key": map[point]int{{}: 1}, "a list as a key": map[any]int{[1]int{}: 1},
		"a ring": loop, "an interface that holds itself": anyLoop, "a list that holds itself": list,
		"a map that holds itself": m, "a slice that holds itself": s, "a pointer to itself": self, "a long list": deep,
	} {
		b, err := appendValue([]byte("prefix"), v)
		if err == nil || string(b) != "prefix" {
			t.Errorf("%s: got %q, %v; want an error and only the prefix", name, b, err)
		} else if len(err.Error()) > 500 {
			t.Errorf("%s: the error is %d bytes long: %v", name, len(err.Error()), err)
		}
		if b, err := appendReflect([]byte("prefix"), reflect.ValueOf(v)); err == nil || string(b) != "prefix" {
			t.Errorf("%s, reflected: got %q, %v; want an error and only the prefix", name, b, err)
		}
	}
	r := codec.NewReader([]byte{0x01})
	if err := r.Value(&self); err == nil {
		t.Error("an integer into a pointer to itself passed, want an error")
	}
}

func TestWhatIsAppendedHasRoomForArraysAroundIt(t *testing.T) {
	var v any = 1
	for {
		next := []any{v}
		if _, err := appendValue(nil, next); err != nil {
			break
		}
		v = next
	}
	b := msgpack.AppendArrayHeader(msgpack.AppendArrayHeader(nil, 1), 1)
	b, err := appendValue(b, v)
	if err != nil {
		t.Fatal(err)
	}
	if err := msgpack.Scan(b); err != nil {
		t.Errorf("the deepest value in two arrays: got %v, want it to pass", err)
	}
}

func TestWhatTheOtherSideWouldRefuseAsTooMuchIsNotSent(t *testing.T) {
	for _, v := range []any{make([]int, msgpack.MaxElements+1), make([]struct{}, msgpack.MaxElements+1), make([][]bool, msgpack.MaxElements+1)} {
		if b, err := appendValue(nil, v); err == nil {
			t.Errorf("%d elements of a %T passed as %d bytes, want an error", msgpack.MaxElements+1, v, len(b))
		}
	}
	// The limit is for each value, not for all that were ever sent.
	half := make([]int, msgpack.MaxElements/2)
	buf := make([]byte, 0, msgpack.MaxElements)
	for range 4 {
		if _, err := appendValue(buf, half); err != nil {
			t.Fatalf("half of what is allowed: got %v, want it to pass", err)
		}
	}
}
