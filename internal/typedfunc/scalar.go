package typedfunc

import (
	"context"
	"strconv"

	"github.com/helium-rpc/helium/codec"
)

// scalar is how values of a type are written and read.
type scalar[T any] struct {
	write func(*codec.Writer, T)
	read  func(*codec.Reader) (T, error)
}

var (
	boolean = scalar[bool]{(*codec.Writer).Bool, (*codec.Reader).Bool}
	float   = scalar[float64]{(*codec.Writer).Float64, (*codec.Reader).Float64}
	text    = scalar[string]{(*codec.Writer).String, (*codec.Reader).String}
	bytes   = scalar[[]byte]{(*codec.Writer).Binary, (*codec.Reader).Bytes}
	long    = scalar[int64]{(*codec.Writer).Int, func(r *codec.Reader) (int64, error) { return r.Int(64) }}
	integer = scalar[int]{
		func(w *codec.Writer, v int) { w.Int(int64(v)) },
		func(r *codec.Reader) (int, error) {
			v, err := r.Int(strconv.IntSize)
			return int(v), err
		},
	}
)

// get makes a call and returns its result.
func (s *scalar[T]) get(ctx context.Context, call Call) (result T, err error) {
	if err := call.Do(ctx); err != nil {
		return result, err
	}
	got, err := s.read(call.Returned())
	if err := call.End(err); err != nil {
		return result, err
	}
	return got, nil
}

// put writes what a function returned, unless it failed.
func (s *scalar[T]) put(result *codec.Writer, returned T, err error) error {
	if err == nil {
		s.write(result, returned)
	}
	return err
}
