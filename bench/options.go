package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/helium-rpc/helium/bench/compare"
	"github.com/helium-rpc/helium/bench/curves"
	"github.com/helium-rpc/helium/bench/peers"
	"github.com/helium-rpc/helium/bench/report"
)

// options are what the command line asks for.
type options struct {
	compare compare.Config
	curves  []string // their names; nil for a comparison
	quick   bool
	json    string
	svg     string
	results bool
}

// errHelp says that the flags were printed because they were asked for.
var errHelp = errors.New("help")

func parse(args []string, stderr io.Writer) (*options, error) {
	o := new(options)
	c := &o.compare
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.DurationVar(&c.Duration, "d", 400*time.Millisecond, "how long one measurement lasts; a warm-up of a fifth comes before it")
	flags.IntVar(&c.Rounds, "rounds", 3, "how often everything is measured; tables show the median")
	names := flags.String("peers", "", "peers, comma separated (default all: "+strings.Join(allPeers(), ",")+")")
	payloads := flags.String("payload", "1k,16k,256k,order,add", "payloads of the table of payloads; add is left out where the table of calls has it")
	inFlight := flags.String("c", "1,16,64,256,1024", "calls in flight of the tables of calls")
	payloadInFlight := flags.String("payload-c", "1,64,256", "calls in flight of the table of payloads")
	waysInFlight := flags.String("ways-c", "16,256", "calls in flight of the table of ways")
	streams := flags.String("stream", "numbers,blobs", "streams of the table of streams: 10,000 floats, or 64 values of 64 KiB")
	streamsAtOnce := flags.String("stream-c", "1,16", "how many streams are read at the same moment")
	tables := flags.String("tables", strings.Join(allTables(), ","), "tables, comma separated")
	flags.StringVar(&o.json, "json", "", "write everything to this `file` in JSON")
	flags.StringVar(&o.svg, "svg", "", "draw charts into this `folder`")
	flags.BoolVar(&o.results, "results", false, "write RESULTS.md (or CURVES.md) and charts/ into the working directory")
	wantCurves := flags.Bool("curves", false, "measure cost curves instead of peers")
	curveNames := flags.String("curve", "", "curves, comma separated; implies -curves (default all: "+strings.Join(curves.Names(), ",")+")")
	flags.BoolVar(&o.quick, "quick", false, "make the curves small and short: for a look whether they work")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, errHelp
		}
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("bench: %q is no flag; flags begin with a dash, see -h", flags.Arg(0))
	}
	if c.Duration <= 0 || c.Rounds <= 0 {
		return nil, fmt.Errorf("bench: -d %v -rounds %d measures nothing; make both positive", c.Duration, c.Rounds)
	}
	var errs [9]error
	c.Peers, errs[0] = list(*names, allPeers(), func(name string) (string, error) { _, err := peers.ByName(name); return name, err })
	c.Payloads, errs[1] = list(*payloads, nil, peers.ParsePayload)
	c.InFlight, errs[2] = list(*inFlight, nil, parseInFlight)
	c.PayloadInFlight, errs[3] = list(*payloadInFlight, nil, parseInFlight)
	c.WaysInFlight, errs[6] = list(*waysInFlight, nil, parseInFlight)
	c.Tables, errs[4] = list(*tables, nil, parseTable)
	c.Streams, errs[7] = list(*streams, nil, peers.ParseStream)
	c.StreamsAtOnce, errs[8] = list(*streamsAtOnce, nil, parseInFlight)
	if *wantCurves || *curveNames != "" {
		o.curves, errs[5] = list(*curveNames, curves.Names(), curves.Check)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	return o, nil
}

// list reads what stands between commas; nothing means all.
func list[T any](text string, all []T, parse func(string) (T, error)) (values []T, err error) {
	if text == "" {
		return all, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		v, err := parse(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

func parseInFlight(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q can't be a number of calls in flight; give 1 or more", text)
	}
	return n, nil
}

func parseTable(text string) (report.Table, error) {
	for _, name := range allTables() {
		if name == text {
			return report.Table(name), nil
		}
	}
	return "", fmt.Errorf("no table is called %q; there are %s", text, strings.Join(allTables(), ", "))
}

func allTables() (names []string) {
	for _, t := range []report.Table{report.Calls, report.Payloads, report.Streams, report.Process, report.Ways, report.Encrypted, report.Clients, report.Uneven, report.OwnPeak, report.SameRate, report.NoServer} {
		names = append(names, string(t))
	}
	return names
}

func allPeers() (names []string) {
	for _, p := range peers.All() {
		names = append(names, p.Name())
	}
	return names
}
