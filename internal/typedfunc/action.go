package typedfunc

import (
	"context"
	"unsafe"

	"github.com/helium-rpc/helium/codec"
)

// action0 is the shape of functions that take and return nothing.
type action0 struct{}

func (action0) stub(begin Begin) any {
	return func(ctx context.Context) error { return do(ctx, begin(0)) }
}

func (action0) bound(m method) any {
	run := as[func(unsafe.Pointer, context.Context) error](m)
	return func(ctx context.Context) error { return run(m.receiver, ctx) }
}

func (action0) handler(fn any) Handler {
	run := fn.(func(context.Context) error)
	return func(ctx context.Context, _ *codec.Reader, _ *codec.Writer) error { return run(ctx) }
}

// action1 is the shape of functions that take a value and return nothing.
type action1[A any] struct{ a scalar[A] }

func (f *action1[A]) stub(begin Begin) any {
	return func(ctx context.Context, a A) error {
		call := begin(1)
		f.a.write(call.Arguments(), a)
		return do(ctx, call)
	}
}

func (f *action1[A]) bound(m method) any {
	run := as[func(unsafe.Pointer, context.Context, A) error](m)
	return func(ctx context.Context, a A) error { return run(m.receiver, ctx, a) }
}

func (f *action1[A]) handler(fn any) Handler {
	run := fn.(func(context.Context, A) error)
	return func(ctx context.Context, args *codec.Reader, _ *codec.Writer) error {
		a, err := f.a.read(args)
		if err != nil {
			return &ArgumentError{0, err}
		}
		return run(ctx, a)
	}
}

// action2 is the shape of functions that take two values and return nothing.
type action2[A, B any] struct {
	a scalar[A]
	b scalar[B]
}

func (f *action2[A, B]) stub(begin Begin) any {
	return func(ctx context.Context, a A, b B) error {
		call := begin(2)
		f.a.write(call.Arguments(), a)
		f.b.write(call.Arguments(), b)
		return do(ctx, call)
	}
}

func (f *action2[A, B]) bound(m method) any {
	run := as[func(unsafe.Pointer, context.Context, A, B) error](m)
	return func(ctx context.Context, a A, b B) error { return run(m.receiver, ctx, a, b) }
}

func (f *action2[A, B]) handler(fn any) Handler {
	run := fn.(func(context.Context, A, B) error)
	return func(ctx context.Context, args *codec.Reader, _ *codec.Writer) error {
		a, err := f.a.read(args)
		if err != nil {
			return &ArgumentError{0, err}
		}
		b, err := f.b.read(args)
		if err != nil {
			return &ArgumentError{1, err}
		}
		return run(ctx, a, b)
	}
}

// do makes a call that returns nothing.
func do(ctx context.Context, call Call) error {
	if err := call.Do(ctx); err != nil {
		return err
	}
	return call.End(nil)
}
