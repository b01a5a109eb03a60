package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/helium-rpc/helium/mathsvc"
)

// printed is a mathsvc.Service that prints what it is asked and what it answers.
type printed struct {
	math  mathsvc.Service
	delay time.Duration // how long each request takes
	out   io.Writer
}

func (p printed) Add(ctx context.Context, a, b float64) (float64, error) {
	return p.print(ctx, "add", p.math.Add, a, b)
}

func (p printed) Sub(ctx context.Context, a, b float64) (float64, error) {
	return p.print(ctx, "sub", p.math.Sub, a, b)
}

func (p printed) Mul(ctx context.Context, a, b float64) (float64, error) {
	return p.print(ctx, "mul", p.math.Mul, a, b)
}

func (p printed) Div(ctx context.Context, a, b float64) (float64, error) {
	return p.print(ctx, "div", p.math.Div, a, b)
}

type operator func(ctx context.Context, a, b float64) (float64, error)

func (p printed) print(ctx context.Context, name string, run operator, a, b float64) (result float64, err error) {
	request := fmt.Sprintf("%s(%v, %v)", name, a, b)
	if p.delay > 0 {
		fmt.Fprintf(p.out, "%s takes %v\n", request, p.delay)
		select {
		case <-time.After(p.delay):
		case <-ctx.Done(): // the caller gave up, or its time is over
			fmt.Fprintf(p.out, "%s: %v\n", request, ctx.Err())
			return 0, ctx.Err()
		}
	}
	if result, err = run(ctx, a, b); err != nil {
		fmt.Fprintf(p.out, "%s: %v\n", request, err)
	} else {
		fmt.Fprintf(p.out, "%s = %v\n", request, result)
	}
	return result, err
}
