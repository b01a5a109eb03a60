package docs_test

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// figure is a row of the newest results: what a peer did in a table under a load.
type figure struct{ calls, perMessage float64 }

// results are those of bench/RESULTS.md, by the first words of a table's heading, the peer and the load.
type results map[[3]string]figure

const (
	floats  = "Calls of two floats, separate processes"
	sizes   = "What calls carry"
	streams = "Streams from a server"
	process = "Calls of two floats, one process"
	tls     = "Calls by TLS"
	clients = "Calls of 64 clients"
	uneven  = "Eight instances"
)

func readResults(t *testing.T) results {
	t.Helper()
	text, err := os.ReadFile("../../bench/RESULTS.md")
	check(t, err)
	all := make(results)
	table := ""
	for line := range strings.Lines(string(text)) {
		if title, found := strings.CutPrefix(line, "## "); found {
			for _, t := range []string{floats, sizes, streams, process, tls, clients, uneven, ""} {
				if strings.HasPrefix(title, t) {
					table = t
					break
				}
			}
		}
		cells := strings.Split(line, "|")
		if table == "" || len(cells) < 13 {
			continue
		}
		number := func(cell int) float64 {
			n, err := strconv.ParseFloat(strings.ReplaceAll(strings.TrimSpace(cells[cell]), ",", ""), 64)
			if err != nil {
				return 0 // a heading, or what isn't measured
			}
			return n
		}
		all[[3]string{table, strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])}] = figure{number(3), number(12)}
	}
	return all
}

// of returns what a peer did, which the results must have.
func (all results) of(t *testing.T, table, peer, load string) figure {
	t.Helper()
	f, found := all[[3]string{table, peer, load}]
	if !found || f.calls == 0 {
		t.Fatalf("bench/RESULTS.md has no %s of %s, %q", load, peer, table)
	}
	return f
}

// overSockets are the peers, other than Helium, whose calls go by sockets of their own.
var overSockets = []string{"grpc", "connect", "drpc", "rpcx", "arpc", "net/rpc"}

// fastest returns which of some peers makes the most calls.
func (all results) fastest(t *testing.T, table, load string, of []string) string {
	return slices.MaxFunc(of, func(a, b string) int {
		return int(math.Round(all.of(t, table, a, load).calls - all.of(t, table, b, load).calls))
	})
}

// ratio returns how many times as many calls one peer makes as another one.
func (all results) ratio(t *testing.T, table, load, one, other string) float64 {
	t.Helper()
	return all.of(t, table, one, load).calls / all.of(t, table, other, load).calls
}

// says checks a number of a page, as exact as it is written.
func says(t *testing.T, what, written string, want float64) {
	t.Helper()
	written = strings.ReplaceAll(written, ",", "")
	got, err := strconv.ParseFloat(written, 64)
	if err != nil {
		t.Errorf("%s: %q is no number", what, written)
		return
	}
	digits := 0
	if _, fraction, found := strings.Cut(written, "."); found {
		digits = len(fraction)
	}
	if math.Abs(got-want) > 0.501*math.Pow10(-digits) {
		t.Errorf("%s: it says %s, and bench/RESULTS.md has %.3g", what, written, want)
	}
}

// numbersIn returns the numbers in the one place of a page that a pattern fits.
func numbersIn(t *testing.T, page, pattern string) []string {
	t.Helper()
	found := regexp.MustCompile(strings.ReplaceAll(pattern, " ", `\s+`)).FindAllStringSubmatch(page, -1)
	if len(found) != 1 {
		t.Fatalf("%d places fit %q, want one", len(found), pattern)
	}
	return found[0][1:]
}

func TestTheReadmesFiguresAreThoseOfTheNewestResults(t *testing.T) {
	all := readResults(t)
	page := read(t, "../../README.md")

	n := numbersIn(t, page, `with 64 in flight Helium makes ([\d.]+) times as many calls a second by the bus as raw NATS requests\. A server that listens is called directly, which makes ([\d.]+) times as many as gRPC`)
	says(t, "by the bus, times raw NATS", n[0], all.ratio(t, floats, "64 in flight", "helium", "nats"))
	says(t, "direct, times gRPC", n[1], all.ratio(t, floats, "64 in flight", "helium-direct", "grpc"))

	for _, c := range []string{"1", "16", "64", "256"} {
		load := c + " in flight"
		n := numbersIn(t, page, `\| `+c+` \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|`)
		best := all.fastest(t, floats, load, overSockets)
		for i, of := range [][2]string{{"helium-direct", "grpc"}, {"helium-direct", best}, {"helium", "nats"}, {"helium", "grpc"}, {"helium", best}} {
			says(t, fmt.Sprintf("%s: %s beside %s", load, of[0], of[1]), n[i], all.ratio(t, floats, load, of[0], of[1]))
		}
	}

	n = numbersIn(t, page, `Streams carry ([\d.]+) times as many small items a second as gRPC's by the bus and ([\d.]+) times as many direct with one stream, ([\d.]+) and ([\d.]+) times with 16\. Of items of 64 KiB they carry ([\d.]+) times as many by the bus and ([\d.]+) direct with one stream, ([\d.]+) and ([\d.]+) with 16`)
	for i, load := range []string{"numbers, 1 in flight", "numbers, 16 in flight", "blobs, 1 in flight", "blobs, 16 in flight"} {
		says(t, load+" by the bus", n[2*i], all.ratio(t, streams, load, "helium", "grpc"))
		says(t, load+" direct", n[2*i+1], all.ratio(t, streams, load, "helium-direct", "grpc"))
	}

	n = numbersIn(t, page, `With 256 in flight, (\d+) calls travel in each message`)
	says(t, "calls a message", n[0], all.of(t, floats, "helium", "256 in flight").perMessage)
}

// TestTheFiguresOfDirectLinksAreThoseOfTheNewestResults reads the table in the page about speed, whose rows begin with
// what was measured.
func TestTheFiguresOfDirectLinksAreThoseOfTheNewestResults(t *testing.T) {
	all := readResults(t)
	page := read(t, "../../docs/performance.md")
	beside := regexp.MustCompile(`(net/rpc|arpc|drpc|rpcx|raw NATS)(?:: | )([\d.]+) times`)
	for row, of := range map[string]struct{ table, load, suffix string }{
		"two floats, 1 in flight":             {floats, "1 in flight", ""},
		"16 in flight":                        {floats, "16 in flight", ""},
		"64 in flight":                        {floats, "64 in flight", ""},
		"256 in flight":                       {floats, "256 in flight", ""},
		"1 KiB, 64 in flight":                 {sizes, "1k, 64 in flight", ""},
		"16 KiB, 64 in flight":                {sizes, "16k, 64 in flight", ""},
		"256 KiB, 64 in flight":               {sizes, "256k, 64 in flight", ""},
		"TLS, 64 in flight":                   {tls, "64 in flight", "-tls"},
		"TLS, 256 in flight":                  {tls, "256 in flight", "-tls"},
		"64 clients with four in flight each": {clients, "256 in flight", "-clients"},
		"eight instances of which one takes ten times as long, 64 in flight": {uneven, "64 in flight", "-uneven"},
		"one process, 256 in flight":                                         {process, "256 in flight", ""},
	} {
		n := numbersIn(t, page, `\n\| `+regexp.QuoteMeta(row)+` \| ([\d,]*\d)([^|]*)\|([^|]*)\|([^|]*)\|`)
		direct := all.of(t, of.table, "helium-direct"+of.suffix, of.load)
		if got := hundreds(direct.calls); n[0] != got {
			t.Errorf("%s: it says %s calls a second, and bench/RESULTS.md has %s", row, n[0], got)
		}
		if bus := regexp.MustCompile(`by the bus: ([\d,]*\d)`).FindStringSubmatch(n[2]); bus != nil {
			if got := hundreds(all.of(t, of.table, "helium"+of.suffix, of.load).calls); bus[1] != got {
				t.Errorf("%s: it says %s calls a second by the bus, and bench/RESULTS.md has %s", row, bus[1], got)
			}
		}
		for _, peer := range beside.FindAllStringSubmatch(n[2]+n[3], -1) {
			says(t, row+" beside "+peer[1], peer[2], direct.calls/all.of(t, of.table, strings.Replace(peer[1], "raw NATS", "nats", 1), of.load).calls)
		}
		if grpc := regexp.MustCompile(`^ ([\d.]+) times`).FindStringSubmatch(n[3]); grpc != nil {
			says(t, row+" beside gRPC", grpc[1], direct.calls/all.of(t, of.table, "grpc"+of.suffix, of.load).calls)
		}
	}
}

// hundreds writes a number to the nearest ten or hundred, with commas, as the page does.
func hundreds(n float64) string {
	unit := 100.0
	if n < 10_000 {
		unit = 10
	}
	digits := strconv.Itoa(int(math.Round(n/unit) * unit))
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	check(t, err)
	return string(text)
}
