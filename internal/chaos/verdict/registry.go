package verdict

import (
	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/history"
)

// unexplained returns of how many services no order of what was asked explains what was answered. A request whose
// client never said how it ended, as it was killed, may have been carried out, or be yet.
func unexplained(calls []*call) int {
	var requests []history.Request
	for _, c := range calls {
		if c.made.Registry == nil {
			continue
		}
		asked := c.made.Registry
		r := history.Request{From: c.made.At, Failed: true, Unknown: true}
		if c.ended != nil {
			asked = c.ended.Registry
			r.To, r.Failed = c.ended.At, c.ended.Code != ledger.OK
			r.Unknown = r.Failed && c.ended.Outcome != helium.NotExecuted.String()
		}
		r.Do, r.Service, r.Version, r.Missing = verbs[asked.Do], asked.Service, asked.Version, asked.Missing
		requests = append(requests, r)
	}
	return len(history.Check(requests, history.Stale))
}

// verbs are the words of ledgers.
var verbs = map[ledger.Verb]history.Verb{
	ledger.Register: history.Register,
	ledger.End:      history.End,
	ledger.Renew:    history.Renew,
	ledger.Find:     history.Lookup,
}
