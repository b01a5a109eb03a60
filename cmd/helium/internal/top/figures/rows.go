package figures

import (
	"time"

	"github.com/helium-rpc/helium/rpcserver"
)

// Grouping says which figures stand in one row.
type Grouping struct{ method, instance bool }

// A row is a service's, a method's of a service, an instance's of a service, or a
// method's of an instance.
var (
	ByService  = Grouping{}
	ByMethod   = Grouping{method: true}
	ByInstance = Grouping{instance: true}
	ByAll      = Grouping{method: true, instance: true}
)

// Groupings are all groupings by name.
var Groupings = map[string]Grouping{"service": ByService, "method": ByMethod, "instance": ByInstance, "all": ByAll}

// Row is what happened between two looks.
type Row struct {
	Service   string
	Method    string // "" where a row is of all
	Instance  string // "" where a row is of all
	Instances int    // how many are in it

	// Calls, Errors and Refused are how many were answered a second, of them with an error, and of
	// these refused for load.
	Calls, Errors, Refused float64
	// Direct is how many came a second by direct links.
	Direct float64
	// ItemsSent and ItemsReceived are how many items of streams left and came a second.
	ItemsSent, ItemsReceived float64
	// Large is how many values a second left or came in chunks, and LargeBytes how many bytes they had.
	Large, LargeBytes float64
	// P50 and P99 are how long the calls took that were run; false if none was, or if
	// the service doesn't tell.
	P50, P99   time.Duration
	HasLatency bool
	InFlight   uint64 // now
	Streams    uint64 // of them, those that are streams
	// Load is that of the instance as a whole now; nil where a row is of all, or if the instance
	// doesn't tell.
	Load *rpcserver.Load

	// The totals are since the instances began.
	TotalCalls, TotalErrors, TotalRefused, TotalDirect uint64
	TotalItemsSent, TotalItemsReceived                 uint64
	TotalLarge, TotalLargeBytes                        uint64
	LastError                                          string // of any of them
}

// sum is a row in the making.
type sum struct {
	Row
	instances map[Instance]bool
	latency   rpcserver.Latency
}

// Rows makes rows of two looks, in no order. An instance that is new since the first
// look counts from when it began; one that is gone isn't in the rows. Without a first
// look all rates are 0.
func Rows(before, after *Look, by Grouping) []Row {
	sums := make(map[[3]string]*sum)
	for instance, now := range after.Instances {
		then, since := earlier(before, instance, now)
		for method, e := range now.Endpoints {
			key := [3]string{instance.Service, "", ""}
			if by.method {
				key[1] = method
			}
			if by.instance {
				key[2] = instance.ID
			}
			s := sums[key]
			if s == nil {
				s = &sum{Row: Row{Service: key[0], Method: key[1], Instance: key[2]}, instances: make(map[Instance]bool)}
				sums[key] = s
			}
			s.instances[instance] = true
			s.add(e, then.Endpoints[method], since)
			if by.instance {
				s.Load = e.Load
			}
		}
	}
	rows := make([]Row, 0, len(sums))
	for _, s := range sums {
		s.Instances = len(s.instances)
		if s.latency.Count() > 0 {
			s.P50, s.P99, s.HasLatency = s.latency.Quantile(0.50), s.latency.Quantile(0.99), true
		}
		rows = append(rows, s.Row)
	}
	return rows
}

// earlier returns what an instance's figures were before, and how long ago that was; 0:
// not known.
func earlier(before *Look, instance Instance, now *Counts) (then *Counts, since time.Duration) {
	if before == nil {
		return now, 0
	}
	if then = before.Instances[instance]; then != nil {
		return then, now.At.Sub(then.At)
	}
	if since = now.At.Sub(before.At); now.Started.After(before.At) {
		return &Counts{}, since // it counted from 0
	}
	return now, 0 // it was there and didn't answer
}

// add adds what an endpoint did since it had other figures.
func (s *sum) add(now, then Endpoint, since time.Duration) {
	s.InFlight += now.InFlight
	s.Streams += now.Streams
	s.TotalCalls += now.Requests
	s.TotalErrors += now.Errors
	s.TotalRefused += now.Refused
	s.TotalDirect += now.Direct
	s.TotalItemsSent += now.ItemsSent
	s.TotalItemsReceived += now.ItemsReceived
	s.TotalLarge += now.Large
	s.TotalLargeBytes += now.LargeBytes
	if now.LastError != "" {
		s.LastError = now.LastError
	}
	if since <= 0 {
		return
	}
	s.Calls += perSecond(now.Requests, then.Requests, since)
	s.Errors += perSecond(now.Errors, then.Errors, since)
	s.Refused += perSecond(now.Refused, then.Refused, since)
	s.Direct += perSecond(now.Direct, then.Direct, since)
	s.ItemsSent += perSecond(now.ItemsSent, then.ItemsSent, since)
	s.ItemsReceived += perSecond(now.ItemsReceived, then.ItemsReceived, since)
	s.Large += perSecond(now.Large, then.Large, since)
	s.LargeBytes += perSecond(now.LargeBytes, then.LargeBytes, since)
	recent := now.Latency.Since(&then.Latency)
	s.latency.Add(&recent)
}

// perSecond takes figures that went back for those of a new beginning.
func perSecond(now, then uint64, since time.Duration) float64 {
	if now < then {
		then = 0
	}
	return float64(now-then) / since.Seconds()
}
