package verdict

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/helium-rpc/helium"
)

// Counts are what became of calls.
type Counts struct {
	Calls      int
	OK         int
	Failed     int // with an error
	Unanswered int // of which their client never said how they ended
	Wrong      int // answered with another call's answer

	Unsure int           // failed, and may have run
	Unsent int           // failed, as their time was over before their client could send them
	Behind time.Duration // how much later than meant calls were started, at most

	Failures map[string]int    // those that failed, by code and outcome
	Examples map[string]string // what one of each said

	Ran       int // executions
	Twice     int // calls that ran more than once though they aren't idempotent
	Again     int // idempotent calls that ran more than once
	Forbidden int // calls that ran though their callers were told NotExecuted
	Nowhere   int // calls that were answered and ran nowhere
	Strays    int // executions of calls that nobody made
	// Unfinished are executions that nobody wrote the end of: they go on, or their process ended.
	Unfinished int
	Late       int // executions that began when their caller's deadline was past

	LatestBy  time.Duration // by how much, at most
	OverranBy time.Duration // how much later than its deadline a call ended, at most

	Items      Items         // of streams
	ToldAfter  time.Duration // from a fault until who had begun a call before it heard that it failed, at most
	OutlivedBy time.Duration // from a fault until handlers ended whose callers it had killed, at most

	P50, P99, Max time.Duration // of those that ended well, from when they were meant to start
	Goodput       float64       // calls that ended well in each second of the load
	PerCPU        float64       // and for each second of the servers' processors
	ItemRate      float64       // items that came in each second from the first stream's beginning to the last one's end

	Noticed   time.Duration // from when a fault began until calls went well, at most
	Recovered time.Duration // from when a fault ended until calls went well, at most
}

const (
	longest   = 10 * time.Minute
	precision = 3 // significant digits
)

// count counts calls. A load of the name "" stands for all.
func count(calls []*call, load Load, marks []Mark) *Counts {
	n := &Counts{Failures: make(map[string]int), Examples: make(map[string]string)}
	latencies := hdrhistogram.New(int64(time.Microsecond), int64(longest), precision)
	var of []*call
	for _, c := range calls {
		if c.made.Kind == "" {
			n.Ran += len(c.runs)
			n.Strays += len(c.runs)
			continue
		}
		if load.Name != "" && c.made.Load != load.Name {
			continue
		}
		of = append(of, c)
		n.countRuns(c, marks)
		n.countEnd(c, latencies, marks)
	}
	n.P50 = time.Duration(latencies.ValueAtPercentile(50))
	n.P99 = time.Duration(latencies.ValueAtPercentile(99))
	n.Max = time.Duration(latencies.Max())
	if lasts := load.To.Sub(load.From).Seconds(); lasts > 0 {
		n.Goodput = float64(n.OK) / lasts
	}
	if load.CPU > 0 {
		n.PerCPU = float64(n.OK) / load.CPU.Seconds()
	}
	n.ItemRate = itemRate(of, n.Items.Came)
	n.Noticed, n.Recovered = recovery(of, marks)
	return n
}

func (n *Counts) countRuns(c *call, marks []Mark) {
	n.Ran += len(c.runs)
	n.Unfinished += len(c.runs) - len(c.done)
	switch {
	case !c.ranTwice():
	case c.made.Idempotent:
		n.Again++
	default:
		n.Twice++
	}
	for _, e := range c.done {
		n.Items.add(&e)
	}
	n.OutlivedBy = max(n.OutlivedBy, outlivedBy(c, marks))
	for _, run := range c.runs {
		if by := time.Duration(run.At - c.made.Deadline); by > Grace && !c.metAtOnce(marks) {
			n.Late++
			n.LatestBy = max(n.LatestBy, by)
		}
	}
}

func (n *Counts) countEnd(c *call, latencies *hdrhistogram.Histogram, marks []Mark) {
	n.Calls++
	n.Behind = max(n.Behind, time.Duration(c.made.At-c.made.Meant))
	e := c.ended
	if e == nil {
		n.Unanswered++
		return
	}
	n.OverranBy = max(n.OverranBy, time.Duration(e.At-c.made.Deadline))
	n.Items.add(e)
	if c.ranNowhere() {
		n.Nowhere++
	}
	if c.ranForbidden() {
		n.Forbidden++
	}
	switch {
	case c.ok():
		n.OK++
		// It can't fail: what is out of range was brought into it.
		_ = latencies.RecordValue(min(max(e.At-c.made.Meant, 0), int64(longest)))
	case e.Wrong:
		n.Wrong++
	default:
		n.Failed++
		if e.Outcome == helium.Unknown.String() {
			n.Unsure++
		}
		if e.Code == helium.CodeDeadlineExceeded.String() && e.Outcome == helium.NotExecuted.String() && e.Instance == "" {
			n.Unsent++ // no server says so
		}
		class := e.Code + ", " + e.Outcome
		n.Failures[class]++
		n.Examples[class] = e.Error
		n.ToldAfter = max(n.ToldAfter, toldAfter(c, marks))
	}
}
