package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bench/curves"
	"github.com/helium-rpc/helium/bench/peers"
	"github.com/helium-rpc/helium/bench/process"
	"github.com/helium-rpc/helium/bench/report"
	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) {
	process.Main() // the children of these tests are this program too
	curves.Main()
	os.Exit(leak.Run(m))
}

// runIt runs the program in a folder of its own.
func runIt(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	t.Chdir(t.TempDir())
	var out, errs bytes.Buffer
	code = run(args, &out, &errs)
	return out.String(), errs.String(), code
}

// peerNames are the names of the peers that tests measure.
func peerNames() []string {
	if measuredPeers != "" {
		return strings.Split(measuredPeers, ",")
	}
	return allPeers()
}

func TestEveryPeerIsMeasuredInEveryTable(t *testing.T) {
	stdout, stderr, code := runIt(t, "-d", "20ms", "-rounds", "1", "-c", "2", "-tables", "calls,payloads,streams,process,open,same,gone", "-payload", "order", "-payload-c", "2", "-json", "out.json", "-results", "-peers", measuredPeers)
	if code != 0 {
		t.Fatalf("exit code %d, want 0:\n%s", code, stderr)
	}
	if !strings.Contains(stdout, "Where Helium loses") {
		t.Errorf("the output doesn't say where Helium loses:\n%s", stdout)
	}
	data, err := os.ReadFile("out.json")
	if err != nil {
		t.Fatal(err)
	}
	var r report.Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	want := len(peerNames())
	found := make(map[report.Table]map[string]bool)
	for _, row := range r.Rows {
		if found[row.Table] == nil {
			found[row.Table] = make(map[string]bool)
		}
		found[row.Table][row.Peer] = true
		if row.Failed > 0 {
			t.Errorf("%s, %s: %d calls failed: %s", row.Table, row.Peer, row.Failed, row.Error)
		}
		// So short an open loop may have no call at all.
		if row.Part > 0 {
			continue
		}
		if row.CPU <= 0 || row.Bytes <= 0 && peers.CountsTraffic(row.Peer) || row.Allocs <= 0 {
			t.Errorf("%s, %s: a call costs %v µs, %v bytes, %v allocations; want something", row.Table, row.Peer, row.CPU, row.Bytes, row.Allocs)
		}
	}
	for _, table := range []report.Table{report.Calls, report.Payloads, report.Streams, report.Process, report.OwnPeak, report.SameRate} {
		want := want
		if table == report.Streams {
			want = len(slices.DeleteFunc(peerNames(), func(name string) bool { return !peers.HasStreams(name) }))
		}
		if got := len(found[table]); got != want {
			t.Errorf("table %s has %d peers, want %d", table, got, want)
		}
	}
	if got := len(r.Gone); got != want {
		t.Errorf("table gone has %d peers, want %d", got, want)
	}
	for _, g := range r.Gone {
		if g.Error == "" {
			t.Errorf("%s: calls didn't fail though the server was killed", g.Peer)
		}
	}
	for _, file := range []string{"RESULTS.md", filepath.Join("charts", "calls.svg")} {
		if _, err := os.Stat(file); err != nil {
			t.Errorf("-results didn't write it: %v", err)
		}
	}
}

func TestEveryWayOfCallingIsMeasuredBesideTheGeneratedOneWithTheSameLinkAndContext(t *testing.T) {
	stdout, stderr, code := runIt(t, "-tables", "ways", "-d", "20ms", "-rounds", "1", "-ways-c", "2,4", "-json", "out.json")
	if code != 0 {
		t.Fatalf("exit code %d, want 0:\n%s", code, stderr)
	}
	data, err := os.ReadFile("out.json")
	if err != nil {
		t.Fatal(err)
	}
	var r report.Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	type measured struct {
		peer     string
		inFlight int
	}
	found := make(map[measured]report.Row)
	for _, row := range r.Rows {
		found[measured{row.Peer, row.InFlight}] = row
	}
	ways := 0
	for _, direct := range []string{"bus", "direct"} {
		for _, context := range []string{"without a deadline", "WithTimeout"} {
			for _, stub := range []string{"generated", "Bind", "Func", "by name"} {
				for _, load := range []string{"2 in flight", "4 in flight"} {
					ways++
					line := lineWith(stdout, stub, context, direct, load)
					if cells := regexp.MustCompile(` {2,}`).Split(strings.TrimSpace(line), -1); len(cells) < 7 || !regexp.MustCompile(`^\d+\.\d+$`).MatchString(cells[6]) {
						t.Errorf("%s, %s, %s, %s: the table has the line %q, want one that says how many calls it makes for one by generated code", stub, context, direct, load, line)
					}
				}
			}
		}
	}
	if len(found) != ways {
		t.Errorf("%d ways were measured, want %d", len(found), ways)
	}
	for at, row := range found {
		if row.Failed > 0 || row.PerSecond.Median == 0 || row.CPU <= 0 || row.Allocs <= 0 {
			t.Errorf("%s, %d in flight: %v calls/s, %d failed (%s), %v µs and %v allocations a call; want some calls and none failed", at.peer, at.inFlight, row.PerSecond.Median, row.Failed, row.Error, row.CPU, row.Allocs)
		}
	}
}

// lineWith returns the line of a table that has cells of those texts, "" if none has.
func lineWith(page string, cells ...string) string {
	for line := range strings.Lines(page) {
		if !slices.ContainsFunc(cells, func(cell string) bool { return !strings.Contains(line, "  "+cell+"  ") }) {
			return line
		}
	}
	return ""
}

func TestCurvesAreMeasuredAndWritten(t *testing.T) {
	stdout, stderr, code := runIt(t, "-curve", "spread,fairness,deadline", "-quick", "-results")
	if code != 0 {
		t.Fatalf("exit code %d, want 0:\n%s", code, stderr)
	}
	for _, want := range []string{"16 methods of one service", "one slower, off", "caller, default timeout"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the output doesn't have %q:\n%s", want, stdout)
		}
	}
	for _, file := range []string{"CURVES.md", filepath.Join("charts", "curve-spread.svg")} {
		if _, err := os.Stat(file); err != nil {
			t.Errorf("-results didn't write it: %v", err)
		}
	}
}

func TestAMeasurementThatFailsLeavesTheResultsOfAnotherAsTheyAre(t *testing.T) {
	for _, args := range [][]string{
		{"-results", "-tables", "calls", "-peers", "helium", "-d", "20ms", "-rounds", "1", "-c", "2"},
		{"-results", "-curve", "spread", "-quick"},
	} {
		folder := t.TempDir()
		t.Chdir(folder)
		for _, file := range []string{resultsFile, curvesResults} {
			if err := os.WriteFile(file, []byte("before"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("TMPDIR", filepath.Join(folder, "missing")) // in which no broker starts
		var out, errs bytes.Buffer
		if code := run(args, &out, &errs); code != 1 || errs.Len() == 0 {
			t.Errorf("%q: exit code %d, said %q; want 1 and why", args, code, &errs)
		}
		for _, file := range []string{resultsFile, curvesResults} {
			if text, err := os.ReadFile(file); err != nil || string(text) != "before" {
				t.Errorf("%q: %s holds %.60q, %v; want what it held before", args, file, text, err)
			}
		}
		t.Setenv("TMPDIR", "")
	}
}

func TestAWrongFlagIsRefusedWithWhatWouldBeRight(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-peers corba", "net/rpc"},
		{"-payload novel", "256k"},
		{"-tables chairs", "calls"},
		{"-curve bell", "methods"},
		{"-c 0", "1 or more"},
		{"-ways-c many", "1 or more"},
		{"-stream songs", "blobs"},
		{"-stream-c 0", "1 or more"},
		{"-rounds 0", "positive"},
		{"grpc", "dash"},
	} {
		if _, stderr, code := runIt(t, strings.Fields(c.args)...); code != 2 || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit code %d, %q; want 2, and to be told of %q", c.args, code, stderr, c.want)
		}
	}
}
