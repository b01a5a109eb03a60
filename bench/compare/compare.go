// Package compare measures Helium and its peers under the same loads: peer after peer,
// and all of it again each round, so that whatever else the machine does meets all of
// them. A row is the median of its rounds.
package compare

import (
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/helium-rpc/helium/bench/peers"
	"github.com/helium-rpc/helium/bench/report"
)

// Config says what is measured. All fields must be set.
type Config struct {
	Peers    []string        // their names
	Payloads []peers.Payload // of the table of payloads
	Streams  []peers.Payload // of the table of streams
	InFlight []int           // calls in flight of the tables of calls
	// PayloadInFlight is the same for the table of payloads, which else would take
	// most of the time, and WaysInFlight for that of ways.
	PayloadInFlight []int
	WaysInFlight    []int
	StreamsAtOnce   []int         // how many streams are read at the same moment
	Duration        time.Duration // of one measurement
	Rounds          int
	Tables          []report.Table
	Progress        io.Writer // told what is being measured
}

// parts are how much of a peak the open loops call at.
var parts = []float64{0.25, 0.5, 0.75}

// peakInFlight is how many calls are in flight where a peak must be known that no
// table has measured.
const peakInFlight = 256

// Run measures. An error of one peer ends the run: its numbers would be missed.
func Run(config Config) (*report.Report, error) {
	r := &report.Report{
		Machine:  report.ThisMachine(),
		Settings: report.Settings{Duration: config.Duration, Rounds: config.Rounds},
	}
	wanted := func(t report.Table) bool { return slices.Contains(config.Tables, t) }
	if wanted(report.Calls) || wanted(report.Payloads) || wanted(report.Streams) || wanted(report.OwnPeak) || wanted(report.SameRate) {
		if err := config.separate(r, wanted); err != nil {
			return r, err
		}
	}
	if wanted(report.Process) {
		if err := config.oneProcess(r); err != nil {
			return r, err
		}
	}
	if wanted(report.Ways) {
		if err := config.ways(r); err != nil {
			return r, err
		}
	}
	for _, t := range []struct {
		table    report.Table
		peers    []string
		inFlight []int
	}{
		{report.Encrypted, peers.Encrypted(), []int{1, 64, 256}},
		{report.Clients, peers.Clients(), []int{256}},
		{report.Uneven, peers.Uneven(), []int{64}},
	} {
		if wanted(t.table) {
			if err := config.special(r, t.table, t.peers, t.inFlight); err != nil {
				return r, err
			}
		}
	}
	if wanted(report.NoServer) {
		gone, err := config.gone()
		r.Gone = gone
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

// separate measures broker, server and client as processes of their own.
func (config *Config) separate(r *report.Report, wanted func(report.Table) bool) (err error) {
	fleet, err := startSeparate(config.Peers)
	if err != nil {
		return err
	}
	defer fleet.close(&err)
	if wanted(report.Calls) {
		if err := config.closed(r, fleet, report.Calls, []peers.Payload{peers.Add}, config.InFlight); err != nil {
			return err
		}
	}
	if wanted(report.Payloads) {
		payloads := slices.DeleteFunc(slices.Clone(config.Payloads), func(p peers.Payload) bool { return p == peers.Add && wanted(report.Calls) })
		if err := config.closed(r, fleet, report.Payloads, payloads, config.PayloadInFlight); err != nil {
			return err
		}
	}
	if wanted(report.Streams) {
		if err := config.closed(r, fleet.withStreams(), report.Streams, config.Streams, config.StreamsAtOnce); err != nil {
			return err
		}
	}
	if wanted(report.OwnPeak) || wanted(report.SameRate) {
		peaks, err := config.peaks(r, fleet)
		if err != nil {
			return err
		}
		return config.open(r, fleet, peaks, wanted)
	}
	return nil
}

// oneProcess measures each peer as a whole in a process.
func (config *Config) oneProcess(r *report.Report) (err error) {
	fleet, err := startWholes(config.Peers)
	if err != nil {
		return err
	}
	defer fleet.close(&err)
	return config.closed(r, fleet, report.Process, []peers.Payload{peers.Add}, config.InFlight)
}

// ways measures Helium's ways of calling, whichever peers are compared: those by one link take
// turns.
func (config *Config) ways(r *report.Report) error {
	for _, direct := range []bool{false, true} {
		if err := config.waysBy(r, direct); err != nil {
			return err
		}
	}
	return nil
}

func (config *Config) waysBy(r *report.Report, direct bool) (err error) {
	var names []string
	for _, way := range peers.Ways() {
		if way.Direct == direct {
			names = append(names, way.Peer)
		}
	}
	fleet, err := startSeparate(names)
	if err != nil {
		return err
	}
	defer fleet.close(&err)
	return config.closed(r, fleet, report.Ways, []peers.Payload{peers.Add}, config.WaysInFlight)
}

// special measures peers that are in a table of their own, whichever others are compared.
func (config *Config) special(r *report.Report, table report.Table, names []string, inFlight []int) (err error) {
	fleet, err := startSeparate(names)
	if err != nil {
		return err
	}
	defer fleet.close(&err)
	return config.closed(r, fleet, table, []peers.Payload{peers.Add}, inFlight)
}

// closed measures closed loops: for each load all peers, and all of that each round.
func (config *Config) closed(r *report.Report, f *fleet, table report.Table, payloads []peers.Payload, inFlight []int) error {
	rows := newRows(table)
	for round := range config.Rounds {
		for _, payload := range payloads {
			for _, n := range inFlight {
				config.say("%s, round %d of %d: %s, %d in flight", table, round+1, config.Rounds, payload, n)
				for _, u := range f.units {
					m, err := u.closed(payload, n, config.Duration)
					if err != nil {
						return err
					}
					rows.add(report.Row{Peer: u.peer, Payload: payload, InFlight: n}, m)
				}
			}
		}
	}
	r.Rows = append(r.Rows, rows.done()...)
	return nil
}

// longestWindow bounds how long a peak is looked for.
const longestWindow = 30 * time.Second

// peaks returns each peer's peak: the best of the table of calls, else one measurement.
// A window in which no call ended says nothing; then a longer one is measured.
func (config *Config) peaks(r *report.Report, f *fleet) (map[string]float64, error) {
	peaks := make(map[string]float64)
	for _, row := range r.Rows {
		if row.Table == report.Calls {
			peaks[row.Peer] = max(peaks[row.Peer], row.PerSecond.Median)
		}
	}
	for _, u := range f.units {
		for window := config.Duration; peaks[u.peer] == 0; window *= 2 {
			if window > max(longestWindow, config.Duration) {
				return nil, fmt.Errorf("bench: of %s no call ended within %v", u.peer, window/2)
			}
			config.say("the peak of %s", u.peer)
			m, err := u.closed(peers.Add, peakInFlight, window)
			if err != nil {
				return nil, err
			}
			peaks[u.peer] = m.sample.PerSecond
		}
	}
	return peaks, nil
}

// open measures open loops at parts of each peer's own peak and of Helium's.
func (config *Config) open(r *report.Report, f *fleet, peaks map[string]float64, wanted func(report.Table) bool) error {
	helium := 0.0
	for peer, peak := range peaks {
		if peers.IsHelium(peer) {
			helium = math.Max(helium, peak)
		}
	}
	own, same := newRows(report.OwnPeak), newRows(report.SameRate)
	for round := range config.Rounds {
		for _, part := range parts {
			config.say("open loops, round %d of %d: %.0f %% of the peak", round+1, config.Rounds, 100*part)
			for _, u := range f.units {
				for _, rows := range []*rows{own, same} {
					peak := peaks[u.peer]
					if rows == same {
						peak = helium
					}
					if peak == 0 || !wanted(rows.table) {
						continue
					}
					row := report.Row{Peer: u.peer, Payload: peers.Add, Rate: math.Round(part * peak), Part: part}
					m, err := u.open(row.Payload, row.Rate, config.Duration)
					if err != nil {
						return err
					}
					rows.add(row, m)
				}
			}
		}
	}
	r.Rows = append(r.Rows, own.done()...)
	r.Rows = append(r.Rows, same.done()...)
	return nil
}

func (config *Config) say(format string, args ...any) {
	fmt.Fprintf(config.Progress, format+"\n", args...)
}
