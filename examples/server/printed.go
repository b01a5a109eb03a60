package main

import (
	"context"
	"fmt"
	"io"
	"iter"
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

func (p printed) Primes(ctx context.Context, below int) iter.Seq2[int, error] {
	fmt.Fprintf(p.out, "primes(%d)\n", below)
	return p.math.Primes(ctx, below)
}

func (p printed) Mean(ctx context.Context, xs iter.Seq2[float64, error]) (float64, error) {
	fmt.Fprintln(p.out, "mean(…)")
	return p.math.Mean(ctx, xs)
}

func (p printed) RunningMean(ctx context.Context, xs iter.Seq2[float64, error]) iter.Seq2[float64, error] {
	fmt.Fprintln(p.out, "runningMean(…)")
	return p.math.RunningMean(ctx, xs)
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
