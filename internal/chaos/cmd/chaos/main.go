// Chaos breaks Helium and says what became of it. See package chaos.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/helium-rpc/helium/internal/chaos"
	"github.com/helium-rpc/helium/internal/chaos/scenario"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

const usage = `usage:
  chaos list                        the scenarios; those with a * are in the short run
  chaos run [flags] [scenario…]     run scenarios, all by default

flags of run:
`

func main() {
	chaos.Main() // the processes of a run are this program, too
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.SetOutput(stderr)
	short := flags.Bool("short", false, "the scenarios of the short run, with shorter times")
	times := flags.Int("times", 1, "how often each scenario is run")
	file := flags.String("json", "", "write the verdicts to this file, as JSON")
	page := flags.String("results", "", "write what was found to this file, as a page for people")
	keep := flags.String("keep", "", "keep what all processes wrote down in folders below this one, on whose disk it is written then")
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	if len(args) == 0 {
		flags.Usage()
		return 2
	}
	switch args[0] {
	case "list":
		for _, s := range scenario.All() {
			short := "  "
			if s.Short > 0 {
				short = "* "
			}
			fmt.Fprintf(stdout, "%s%-42s %6v  %s\n", short, s.Name, s.Lasts(), s.Promise)
		}
		return 0
	case "run":
		if err := flags.Parse(args[1:]); err != nil {
			return 2
		}
	default:
		flags.Usage()
		return 2
	}
	if *times < 1 {
		fmt.Fprintf(stderr, "chaos: -times %d runs nothing; make it 1 or more\n", *times)
		return 2
	}
	chosen, err := choose(flags.Args(), *short)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	for _, name := range []string{*file, *page} { // before the runs, which may take hours
		if name == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			fmt.Fprintln(stderr, err)
			return 2
		}
	}
	var verdicts []*verdict.Verdict
	for range *times {
		for _, s := range chosen {
			v := chaos.Run(ctx, s, *keep)
			verdicts = append(verdicts, v)
			if err := v.WriteText(stdout); err != nil {
				fmt.Fprintln(stderr, err)
				return 1
			}
			if ctx.Err() != nil {
				return 1
			}
		}
	}
	if *file != "" {
		text, err := json.MarshalIndent(verdicts, "", "  ")
		if err == nil {
			err = os.WriteFile(*file, append(text, '\n'), 0o644)
		}
		if err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
	}
	if *page != "" {
		if err := writePage(*page, args, verdicts); err != nil {
			fmt.Fprintln(stderr, err)
			return 1
		}
	}
	if slices.ContainsFunc(verdicts, func(v *verdict.Verdict) bool { return !v.Passed }) {
		return 1
	}
	return 0
}

// writePage writes the page that is kept in the repository.
func writePage(name string, args []string, verdicts []*verdict.Verdict) error {
	text := new(strings.Builder)
	fmt.Fprintf(text, "# What the harness found\n\nWritten by `go run ./internal/chaos/cmd/chaos %s` on %s/%s with %d processors; don't edit it.\n"+
		"Counts are of one run: they differ a little from run to run, and bounds have to hold in each.\n\n",
		strings.Join(args, " "), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if err := verdict.WriteMarkdown(text, verdicts); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text.String()), 0o644)
}

// choose returns the scenarios of these names, or of the short run, or all.
func choose(names []string, short bool) (chosen []scenario.Scenario, err error) {
	known := scenario.All()
	for _, name := range names {
		if !slices.ContainsFunc(known, func(s scenario.Scenario) bool { return s.Name == name }) {
			return nil, fmt.Errorf("there is no scenario %q; see chaos list", name)
		}
	}
	for _, s := range known {
		if len(names) > 0 && !slices.Contains(names, s.Name) || short && s.Short == 0 {
			continue
		}
		if short {
			s = s.Shortened()
		}
		chosen = append(chosen, s)
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("none of %s is in the short run", strings.Join(names, ", "))
	}
	return chosen, nil
}
