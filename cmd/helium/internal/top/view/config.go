package view

import (
	"context"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/top/figures"
)

// Config says what is shown, and how at first.
type Config struct {
	// Look asks all instances once. That nobody answers for a while doesn't end the table;
	// it says so and goes on. Only helium.ErrNotPermitted ends it.
	Look func(context.Context) (*figures.Look, error)
	// Where returns what is looked at, such as the address of the server.
	Where func() string
	// Clean returns a text that somebody else wrote in a form that does nothing to the
	// terminal. Nil stands for the text as it is.
	Clean func(string) string
	// SaidOf returns what is said of instances that answered neither of two looks, "" of none. Nil stands for
	// figures.Told.
	SaidOf func(silent []figures.Instance) string
	// Services are those to show; none: all.
	Services []string
	// By and Sort are names of figures.Groupings and figures.Orders.
	By, Sort string
	// Interval is the time between two looks.
	Interval time.Duration
	// Plain is whether there is neither colour nor bold.
	Plain bool
}
