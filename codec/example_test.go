package codec_test

import (
	"errors"
	"fmt"

	"github.com/helium-rpc/helium/codec"
)

type spot struct {
	X, Y float64
}

func Example() {
	var w codec.Writer
	w.ArrayHeader(2)
	w.Int(2)
	w.Value(spot{X: 1, Y: 2})
	if err := w.Err(); err != nil {
		fmt.Println(err)
		return
	}

	r := codec.NewReader(w.Bytes())
	n, err := r.ArrayHeader()
	fmt.Println(n, err)
	i, err := r.Int(64)
	fmt.Println(i, err)
	var p spot
	err = r.Value(&p)
	fmt.Println(p, err)
	fmt.Println(r.Len(), "bytes are left")
	// Output:
	// 2 <nil>
	// 2 <nil>
	// {1 2} <nil>
	// 0 bytes are left
}

// A copy of a Reader is a mark to return to, so what looks ahead takes nothing away.
func ExampleReader() {
	var w codec.Writer
	w.String("Ada")
	w.Uint(36)

	r := codec.NewReader(w.Bytes())
	ahead := r
	if err := ahead.Skip(); err != nil {
		fmt.Println(err)
	}
	age, err := ahead.Uint(8)
	fmt.Println(age, err)
	name, err := r.String()
	fmt.Println(name, err)
	// Output:
	// 36 <nil>
	// Ada <nil>
}

// A struct is a map by the names of its fields; those that aren't known are stepped over.
func ExampleReader_MapHeader() {
	var w codec.Writer
	w.Value(map[string]any{"x": 1, "colour": "red"})

	r := codec.NewReader(w.Bytes())
	n, err := r.MapHeader()
	if err != nil {
		fmt.Println(err)
		return
	}
	for range n {
		name, err := r.String()
		if err != nil {
			fmt.Println(err)
			return
		}
		if name != "x" {
			_ = r.Skip()
			continue
		}
		x, err := r.Float64()
		fmt.Println("x =", x, err)
	}
	// Output:
	// x = 1 <nil>
}

func ExampleWriter_Raw() {
	var kept codec.Writer
	kept.Value([]string{"a", "b"})

	var w codec.Writer
	w.Raw(kept.Bytes())
	fmt.Printf("%x %v\n", w.Bytes(), w.Err())

	w.Reset()
	w.Raw([]byte{0x92, 1}) // an array of two that holds one
	fmt.Println(w.Err())
	// Output:
	// 92a161a162 <nil>
	// the bytes can't be sent: msgpack byte 0: the data ends inside a value
}

func ExampleValueError() {
	var w codec.Writer
	w.Value(map[string]any{"People": []map[string]any{{"Age": 30}, {"Age": 300}}})

	var group struct {
		People []struct{ Age uint8 }
	}
	r := codec.NewReader(w.Bytes())
	err := r.Value(&group)
	fmt.Println(err)
	if problem, ok := errors.AsType[*codec.ValueError](err); ok {
		fmt.Println("at", problem.Path)
	}
	// Output:
	// field "People[1].Age": 300 is out of range of uint8
	// at People[1].Age
}
