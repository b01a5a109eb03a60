package codec_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/helium-rpc/helium/codec"
)

// Errors of all makes.
type (
	hiddenError  struct{ text string }
	pointerError struct{ text string }
	openError    struct {
		Op   string
		Code int
	}
	numberError int
	listError   []error
	// tellingError has a form of its own.
	tellingError struct{ code int }
)

func (e hiddenError) Error() string   { return e.text }
func (e *pointerError) Error() string { return e.text }
func (e openError) Error() string     { return fmt.Sprint(e.Op, " failed with ", e.Code) }
func (e numberError) Error() string   { return fmt.Sprintf("error number %d", int(e)) }
func (e listError) Error() string     { return errors.Join(e...).Error() }
func (e tellingError) Error() string  { return "not this" }
func (e tellingError) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "code %d", e.code), nil
}

// receive returns what an any holds on the other side.
func receive(t *testing.T, v any) (any, error) {
	t.Helper()
	b, err := appendValue(nil, v)
	if err != nil {
		return nil, err
	}
	var got any
	r := codec.NewReader(b)
	return got, r.Value(&got)
}

// received is [receive] for what must arrive.
func received(t *testing.T, v any) any {
	t.Helper()
	b, err := appendValue(nil, v)
	if err != nil {
		t.Errorf("%T: %v", v, err)
		return nil
	}
	var got any
	r := codec.NewReader(b)
	if err := r.Value(&got); err != nil {
		t.Errorf("%T: %v", v, err)
	}
	return got
}

func TestAnErrorInsideAnAnyIsItsText(t *testing.T) {
	sentinel := errors.New("boom")
	wrapped := fmt.Errorf("while at it: %w", sentinel)
	var nilError *pointerError
	var anError = error(hiddenError{"e"})
	for _, test := range []struct{ v, want any }{
		{sentinel, "boom"}, {wrapped, "while at it: boom"}, {errors.Join(sentinel, sentinel), "boom\nboom"},
		{hiddenError{"h"}, "h"}, {&hiddenError{"h"}, "h"}, {&pointerError{"p"}, "p"}, {openError{"open", 5}, "open failed with 5"}, {&openError{"open", 5}, "open failed with 5"},
		{numberError(7), "error number 7"}, {listError{sentinel}, "boom"}, {syscall.ENOENT, "no such file or directory"},
		{context.DeadlineExceeded, "context deadline exceeded"}, {&fs.PathError{Op: "open", Path: "f", Err: os.ErrNotExist}, "open f: file does not exist"},
		{tellingError{3}, "code 3"}, {nilError, nil}, {&anError, "e"},
		{[]any{sentinel, 1, nil}, []any{"boom", int64(1), nil}}, {[]error{sentinel, nil}, []any{"boom", nil}}, {[2]any{sentinel, sentinel}, []any{"boom", "boom"}},
		{map[string]any{"e": sentinel}, map[string]any{"e": "boom"}}, {map[string]error{"e": wrapped}, map[string]any{"e": "while at it: boom"}},
		{map[string]any{"deep": []any{map[string]any{"e": &pointerError{"p"}}}}, map[string]any{"deep": []any{map[string]any{"e": "p"}}}},
		{struct{ A, B any }{sentinel, hiddenError{"h"}}, map[string]any{"A": "boom", "B": "h"}},
		{struct{ E error }{sentinel}, map[string]any{"E": "boom"}}, {&struct{ E fmt.Stringer }{}, map[string]any{"E": nil}},
		{struct{ E *pointerError }{&pointerError{"p"}}, map[string]any{"E": "p"}}, {[]hiddenError{{"h"}}, []any{"h"}},
		{struct{ E interface{ Error() string } }{hiddenError{"h"}}, map[string]any{"E": "h"}},
	} {
		if got := received(t, test.v); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%T: got %#v, want %#v", test.v, got, test.want)
		}
	}
}

// Structs of which nothing would arrive.
type (
	sealed      struct{ n int }
	embedsMutex struct{ sync.Mutex }
	embedsBoth  struct {
		embedsMutex
		*atomic.Bool
	}
	level int
)

func TestWhatWouldArriveAsNothingIsRefused(t *testing.T) {
	_ = sealed{}.n
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, v := range []any{
		sealed{}, &sealed{}, &embedsMutex{}, embedsBoth{}, &sync.Mutex{}, &sync.WaitGroup{}, &atomic.Int64{}, &bytes.Buffer{}, &strings.Builder{},
		time.UTC, reflect.ValueOf(1), reflect.TypeFor[int](), time.NewTimer(time.Hour), url.User("u"), os.Stdout,
		context.Background(), ctx, context.WithValue(ctx, level(1), 2), func() {}, make(chan int), 1i, uintptr(1),
	} {
		for name, held := range map[string]any{
			"itself": v, "a pointer": &v, "in a list": []any{1, v}, "in a map": map[string]any{"k": v}, "in a struct": struct{ Field any }{v},
			"deep": map[string]any{"k": []any{&struct{ Field any }{v}}},
		} {
			got, err := receive(t, held)
			if err == nil || !strings.Contains(err.Error(), "can't be sent") {
				t.Errorf("%T, %s: arrived as %v with error %v, want one that says that it can't be sent", v, name, got, err)
			}
		}
	}
	type typed struct {
		Mutex sync.Mutex
		Name  string
	}
	if got, err := receive(t, &typed{Name: "n"}); err == nil {
		t.Errorf("a struct of hidden fields in a field of its type arrived as %v, want an error", got)
	}
}

func TestWhatHasNothingToHideOrAFormOfItsOwnInsideAnAnyArrives(t *testing.T) {
	type mixed struct {
		mu   sync.Mutex
		Name string
	}
	for _, test := range []struct{ v, want any }{
		{struct{}{}, map[string]any{}}, {&struct{}{}, map[string]any{}}, {struct{ _ int }{}, map[string]any{}},
		{struct {
			Skipped int `json:"-"`
		}{1}, map[string]any{}},
		{&mixed{Name: "n"}, map[string]any{"Name": "n"}}, {level(3), int64(3)}, {time.Second, int64(time.Second)},
		{big.NewInt(5), int64(5)}, {new(big.Int).Lsh(big.NewInt(1), 100), "1267650600228229401496703205376"}, {netip.MustParseAddr("::1"), "::1"},
		{&url.URL{Scheme: "https", Host: "h"}, []byte("https://h")}, {time.Unix(1, 0), time.Unix(1, 0).UTC()},
	} {
		if got := received(t, test.v); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%T: got %#v, want %#v", test.v, got, test.want)
		}
	}
	_ = &(&mixed{}).mu
}
