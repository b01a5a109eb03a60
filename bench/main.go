// Command bench measures Helium beside its peers, and what its own parts cost as a
// system grows. From the root of the repository:
//
//	go run -C bench .            the comparison, within ten minutes
//	go run -C bench . -curves    the curves
//
// See README.md for the flags and for how to read the tables.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/helium-rpc/helium/bench/compare"
	"github.com/helium-rpc/helium/bench/curves"
	"github.com/helium-rpc/helium/bench/process"
	"github.com/helium-rpc/helium/bench/report"
)

func main() {
	process.Main()
	curves.Main()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, errHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, err)
		return 2
	}
	r, err := measureAll(o, stderr)
	if err != nil {
		o.results = false // what is kept in the repository isn't given up for a part of it
	}
	if r != nil {
		err = errors.Join(err, publish(r, o, stdout))
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

func measureAll(o *options, progress io.Writer) (*report.Report, error) {
	if o.curves == nil {
		o.compare.Progress = progress
		return compare.Run(o.compare)
	}
	r := &report.Report{Machine: report.ThisMachine()}
	var err error
	r.Curves, err = curves.Run(o.curves, o.quick, progress)
	return r, err
}

// publish prints the tables and writes the files that were asked for.
func publish(r *report.Report, o *options, stdout io.Writer) error {
	fmt.Fprintln(stdout, r.Machine)
	if err := r.Text(stdout); err != nil {
		return err
	}
	if o.json != "" {
		data, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.json, append(data, '\n'), 0o644); err != nil {
			return err
		}
	}
	if o.svg != "" {
		if _, err := r.Charts(o.svg); err != nil {
			return err
		}
	}
	if o.results {
		return writeResults(r, o.curves != nil)
	}
	return nil
}

// Names of what -results writes, in the working directory: "go run -C bench ." runs
// the program in bench.
const (
	chartsFolder  = "charts"
	resultsFile   = "RESULTS.md"
	curvesResults = "CURVES.md"
)

func writeResults(r *report.Report, curves bool) (err error) {
	names, err := r.Charts(chartsFolder)
	if err != nil {
		return err
	}
	file := resultsFile
	if curves {
		file = curvesResults
	}
	f, err := os.Create(filepath.Clean(file))
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}()
	return r.Markdown(f, chartsFolder, names)
}
