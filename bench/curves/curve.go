// Package curves measures what Helium's parts cost as a system grows. Each curve has a
// file of its own, and runs in a process of its own, broker and all: what one leaves
// behind doesn't weigh on the next.
package curves

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/helium-rpc/helium/bench/report"
)

// curve is one of the curves.
type curve struct {
	name    string
	measure func(size) (report.Curve, error)
}

// size says how thoroughly a curve is measured.
type size struct{ quick bool }

// window returns how long one point is measured.
func (s size) window() time.Duration {
	if s.quick {
		return 50 * time.Millisecond
	}
	return time.Second
}

// steps returns the points of a curve: all of them, or those up to a limit if it must
// be quick.
func (s size) steps(limit int, all ...int) []int {
	if !s.quick {
		return all
	}
	return slices.DeleteFunc(all, func(n int) bool { return n > limit })
}

// all returns every curve, in the order in which they are shown.
func all() []curve {
	return []curve{
		{"methods", methods},
		{"services", services},
		{"connections", connections},
		{"instances", instances},
		{"cluster", cluster},
		{"registry", registry},
		{"inflight", inFlight},
		{"idle", idle},
		{"spread", spread},
		{"fairness", fairness},
		{"deadline", deadline},
	}
}

// Names returns the names of all curves.
func Names() (names []string) {
	for _, c := range all() {
		names = append(names, c.name)
	}
	return names
}

// Check returns the name if there is such a curve.
func Check(name string) (string, error) {
	if !slices.Contains(Names(), name) {
		return "", fmt.Errorf("no curve is called %q; there are %s", name, strings.Join(Names(), ", "))
	}
	return name, nil
}

// environment is the variable that makes a process measure the curve that it names.
const environment = "HELIUM_BENCH_CURVE"

// quickly is the end of that name where the curve must be quick.
const quickly = ",quick"

// Run measures curves, a process each. Those before an error are returned with it.
func Run(names []string, quick bool, progress io.Writer) (curves []report.Curve, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("bench: this program can't find itself to run again: %w", err)
	}
	for _, name := range names {
		fmt.Fprintf(progress, "curve %s\n", name)
		command := exec.Command(program)
		role := name
		if quick {
			role += quickly
		}
		command.Env = append(os.Environ(), environment+"="+role)
		command.Stderr = progress
		out, err := command.Output()
		if err != nil {
			return curves, fmt.Errorf("bench: curve %s: %w", name, err)
		}
		var c report.Curve
		if err := json.Unmarshal(out, &c); err != nil {
			return curves, fmt.Errorf("bench: curve %s: its answer can't be read: %w", name, err)
		}
		curves = append(curves, c)
	}
	return curves, nil
}

// Main does nothing in a process that isn't to measure a curve. In one that is, it
// does, writes it to the standard output and never returns.
func Main() {
	role, isChild := os.LookupEnv(environment)
	if !isChild {
		return
	}
	if err := runChild(role, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runChild(role string, stdout io.Writer) error {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	name, quick := strings.CutSuffix(role, quickly)
	i := slices.IndexFunc(all(), func(c curve) bool { return c.name == name })
	if i < 0 {
		return errors.New(environment + " isn't for people")
	}
	c, err := all()[i].measure(size{quick: quick})
	if err != nil {
		return err
	}
	c.Name = name
	return json.NewEncoder(stdout).Encode(c)
}
