package rpcserver_test

import (
	"context"
	"fmt"
)

// variadic is a service that tells what it got.
type variadic struct{}

func (variadic) Bytes(all ...byte) string { return show(all == nil, all) }
func (variadic) Texts(_ context.Context, first string, r ...string) string {
	return first + show(r == nil, r)
}
func (variadic) Lists(all ...[]int) string { return show(all == nil, all) }

func show(isNil bool, v any) string {
	if isNil {
		return "nil"
	}
	return fmt.Sprint(v)
}
