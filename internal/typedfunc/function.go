package typedfunc

import (
	"context"
	"unsafe"

	"github.com/helium-rpc/helium/codec"
)

// function0 is the shape of functions that take nothing and return a value.
type function0[R any] struct{ r scalar[R] }

func (f *function0[R]) stub(begin Begin) any {
	return func(ctx context.Context) (R, error) { return f.r.get(ctx, begin(0)) }
}

func (f *function0[R]) bound(m method) any {
	run := as[func(unsafe.Pointer, context.Context) (R, error)](m)
	return func(ctx context.Context) (R, error) { return run(m.receiver, ctx) }
}

func (f *function0[R]) handler(fn any) Handler {
	run := fn.(func(context.Context) (R, error))
	return func(ctx context.Context, _ *codec.Reader, result *codec.Writer) error {
		returned, err := run(ctx)
		return f.r.put(result, returned, err)
	}
}

// function1 is the shape of functions that take and return a value.
type function1[A, R any] struct {
	a scalar[A]
	r scalar[R]
}

func (f *function1[A, R]) stub(begin Begin) any {
	return func(ctx context.Context, a A) (R, error) {
		call := begin(1)
		f.a.write(call.Arguments(), a)
		return f.r.get(ctx, call)
	}
}

func (f *function1[A, R]) bound(m method) any {
	run := as[func(unsafe.Pointer, context.Context, A) (R, error)](m)
	return func(ctx context.Context, a A) (R, error) { return run(m.receiver, ctx, a) }
}

func (f *function1[A, R]) handler(fn any) Handler {
	run := fn.(func(context.Context, A) (R, error))
	return func(ctx context.Context, args *codec.Reader, result *codec.Writer) error {
		a, err := f.a.read(args)
		if err != nil {
			return &ArgumentError{0, err}
		}
		returned, err := run(ctx, a)
		return f.r.put(result, returned, err)
	}
}

// function2 is the shape of functions that take two values and return one.
type function2[A, B, R any] struct {
	a scalar[A]
	b scalar[B]
	r scalar[R]
}

func (f *function2[A, B, R]) stub(begin Begin) any {
	return func(ctx context.Context, a A, b B) (R, error) {
		call := begin(2)
		f.a.write(call.Arguments(), a)
		f.b.write(call.Arguments(), b)
		return f.r.get(ctx, call)
	}
}

func (f *function2[A, B, R]) bound(m method) any {
	run := as[func(unsafe.Pointer, context.Context, A, B) (R, error)](m)
	return func(ctx context.Context, a A, b B) (R, error) { return run(m.receiver, ctx, a, b) }
}

func (f *function2[A, B, R]) handler(fn any) Handler {
	run := fn.(func(context.Context, A, B) (R, error))
	return func(ctx context.Context, args *codec.Reader, result *codec.Writer) error {
		a, err := f.a.read(args)
		if err != nil {
			return &ArgumentError{0, err}
		}
		b, err := f.b.read(args)
		if err != nil {
			return &ArgumentError{1, err}
		}
		returned, err := run(ctx, a, b)
		return f.r.put(result, returned, err)
	}
}
