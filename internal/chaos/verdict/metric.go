package verdict

import "strings"

// Figures are what was counted and measured in a run.
type Figures struct {
	All      *Counts
	Loads    map[string]*Counts
	Sizes    []Size
	Attempts float64 // how often a call was sent, on average
	Direct   float64 // the share of what was sent that went by direct links
	Running  int     // handlers that ran at the end
	Returned int     // how often connections of a herd were made again
	Rush     int     // how often in the 100 ms in which that was most often
	// Unexplained are the services of which no order of requests to the registry explains the answers.
	Unexplained int
	Said        Said
}

// Metric is the name of one of the figures.
type Metric string

// The metrics. Times are in seconds.
const (
	Calls      Metric = "calls"
	OK         Metric = "ok"
	OKShare    Metric = "ok, share of the calls"
	Failed     Metric = "failed"
	FailShare  Metric = "failed, share of the calls"
	Unsure     Metric = "failed, and may have run"
	Unsent     Metric = "time was over before they were sent, share of the calls"
	Behind     Metric = "started later than meant, s"
	Unanswered Metric = "never answered"
	Wrong      Metric = "answered with another call's answer"
	Twice      Metric = "ran twice"
	Again      Metric = "idempotent, ran again"
	Forbidden  Metric = "ran though NotExecuted"
	Nowhere    Metric = "answered and ran nowhere"
	Strays     Metric = "ran and never made"
	Unfinished Metric = "handlers that began and haven't ended"
	Late       Metric = "ran late"
	LateBy     Metric = "ran late by, s"
	OverranBy  Metric = "overran the deadline by, s"
	P50        Metric = "p50, s"
	P99        Metric = "p99, s"
	Max        Metric = "longest, s"
	Goodput    Metric = "goodput, calls/s"
	PerCPU     Metric = "goodput, calls per CPU second"
	Came       Metric = "items that came"
	Silent     Metric = "items lost, doubled or of others in silence"
	ItemRate   Metric = "items/s"
	ToldAfter  Metric = "told of a fault after, s"
	OutlivedBy Metric = "handlers outlived their callers by, s"
	Noticed    Metric = "noticed after, s"
	Recovered  Metric = "recovered after, s"

	// Of the run as a whole.
	Attempts    Metric = "attempts a call"
	Direct      Metric = "sent by direct links, share of all"
	Goroutines  Metric = "goroutines more than before"
	HeapGrowth  Metric = "heap more than before, MB"
	Memory      Metric = "memory of a process at its most, MB"
	ServerRSS   Metric = "memory of a server at its most, MB"
	RSSGrowth   Metric = "memory of a process at its most more than before, MB"
	Running     Metric = "handlers that run at the end"
	Returned    Metric = "connections made again"
	Rush        Metric = "connections made again within 100 ms, share of all"
	Unexplained Metric = "services whose history no order explains"

	// Of the run as a whole, by what Helium counted itself.
	RefusedWhole Metric = "messages refused unread"
	Dropped      Metric = "messages lost unread"
	Frozen       Metric = "refused as the server had stood still"
	Abandoned    Metric = "ended as their callers seemed to be gone"
	SeenTwice    Metric = "seen to be answered twice"
	WentOn       Metric = "attempts that went on"
)

// IsTime reports whether a metric is a time, which depends on the machine more than counts do.
func (m Metric) IsTime() bool { return strings.HasSuffix(string(m), ", s") }

// failedAs begins the metrics of one kind of failure.
const failedAs = "failed as "

// FailedAs is how many calls failed with a code and an outcome, such as "unavailable, unknown".
func FailedAs(class string) Metric { return Metric(failedAs + class) }

var ofCounts = map[Metric]func(*Counts) float64{
	Calls:      func(n *Counts) float64 { return float64(n.Calls) },
	OK:         func(n *Counts) float64 { return float64(n.OK) },
	OKShare:    func(n *Counts) float64 { return share(n.OK, n.Calls) },
	Failed:     func(n *Counts) float64 { return float64(n.Failed) },
	FailShare:  func(n *Counts) float64 { return share(n.Failed+n.Unanswered+n.Wrong, n.Calls) },
	Unsure:     func(n *Counts) float64 { return float64(n.Unsure) },
	Unsent:     func(n *Counts) float64 { return share(n.Unsent, n.Calls) },
	Behind:     func(n *Counts) float64 { return n.Behind.Seconds() },
	Unanswered: func(n *Counts) float64 { return float64(n.Unanswered) },
	Wrong:      func(n *Counts) float64 { return float64(n.Wrong) },
	Twice:      func(n *Counts) float64 { return float64(n.Twice) },
	Again:      func(n *Counts) float64 { return float64(n.Again) },
	Forbidden:  func(n *Counts) float64 { return float64(n.Forbidden) },
	Nowhere:    func(n *Counts) float64 { return float64(n.Nowhere) },
	Strays:     func(n *Counts) float64 { return float64(n.Strays) },
	Unfinished: func(n *Counts) float64 { return float64(n.Unfinished) },
	Late:       func(n *Counts) float64 { return float64(n.Late) },
	LateBy:     func(n *Counts) float64 { return n.LatestBy.Seconds() },
	OverranBy:  func(n *Counts) float64 { return n.OverranBy.Seconds() },
	P50:        func(n *Counts) float64 { return n.P50.Seconds() },
	P99:        func(n *Counts) float64 { return n.P99.Seconds() },
	Max:        func(n *Counts) float64 { return n.Max.Seconds() },
	Goodput:    func(n *Counts) float64 { return n.Goodput },
	PerCPU:     func(n *Counts) float64 { return n.PerCPU },
	Came:       func(n *Counts) float64 { return float64(n.Items.Came) },
	Silent:     func(n *Counts) float64 { return float64(n.Items.silent()) },
	ItemRate:   func(n *Counts) float64 { return n.ItemRate },
	ToldAfter:  func(n *Counts) float64 { return n.ToldAfter.Seconds() },
	OutlivedBy: func(n *Counts) float64 { return n.OutlivedBy.Seconds() },
	Noticed:    func(n *Counts) float64 { return n.Noticed.Seconds() },
	Recovered:  func(n *Counts) float64 { return n.Recovered.Seconds() },
}

var ofRuns = map[Metric]func(*Figures) float64{
	Attempts:    func(f *Figures) float64 { return f.Attempts },
	Direct:      func(f *Figures) float64 { return f.Direct },
	Running:     func(f *Figures) float64 { return float64(f.Running) },
	Returned:    func(f *Figures) float64 { return float64(f.Returned) },
	Rush:        func(f *Figures) float64 { return share(f.Rush, f.Returned) },
	Unexplained: func(f *Figures) float64 { return float64(f.Unexplained) },

	RefusedWhole: func(f *Figures) float64 { return float64(f.Said.RefusedWhole) },
	Dropped:      func(f *Figures) float64 { return float64(f.Said.Dropped) },
	Frozen:       func(f *Figures) float64 { return float64(f.Said.Frozen) },
	Abandoned:    func(f *Figures) float64 { return float64(f.Said.Abandoned) },
	SeenTwice:    func(f *Figures) float64 { return float64(f.Said.Twice) },
	WentOn:       func(f *Figures) float64 { return float64(f.Said.WentOn) },

	Memory:    func(f *Figures) float64 { return f.mostMemory("") },
	ServerRSS: func(f *Figures) float64 { return f.mostMemory("server") },
	Goroutines: func(f *Figures) float64 {
		return f.mostGrowth(func(p Footprint) float64 { return float64(p.Goroutines) })
	},
	RSSGrowth: func(f *Figures) float64 {
		return f.mostGrowth(func(p Footprint) float64 { return float64(p.MaxRSS) / 1e6 })
	},
	HeapGrowth: func(f *Figures) float64 {
		return f.mostGrowth(func(p Footprint) float64 { return float64(p.Heap) / 1e6 })
	},
}

func share(part, all int) float64 {
	if all == 0 {
		return 0
	}
	return float64(part) / float64(all)
}

// of returns a metric, of one load or with "" of all calls; known is false if there is none of
// that name.
func (f *Figures) of(m Metric, load string) (value float64, known bool) {
	if figure := ofRuns[m]; figure != nil {
		return figure(f), true
	}
	n := f.All
	if load != "" {
		n = f.Loads[load]
	}
	if n == nil {
		return 0, false
	}
	if class, ok := strings.CutPrefix(string(m), failedAs); ok {
		return float64(n.Failures[class]), true
	}
	figure := ofCounts[m]
	if figure == nil {
		return 0, false
	}
	return figure(n), true
}

// mostMemory returns the most memory that a process had whose name begins so, in MB.
func (f *Figures) mostMemory(kind string) float64 {
	var most uint64
	for _, s := range f.Sizes {
		if strings.HasPrefix(s.Process, kind) {
			most = max(most, s.After.MaxRSS)
		}
	}
	return float64(most) / 1e6
}

// mostGrowth returns by how much a size grew, in the process where it grew most.
func (f *Figures) mostGrowth(size func(Footprint) float64) (most float64) {
	for _, s := range f.Sizes {
		most = max(most, size(s.After)-size(s.Before))
	}
	return most
}
