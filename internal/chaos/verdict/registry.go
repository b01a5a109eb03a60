package verdict

import (
	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/history"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
)

// unexplained returns of how many services no order of what was asked explains what was answered. A request whose
// client never said how it ended, as it was killed, may have been carried out, or be yet.
func unexplained(calls []*call) int {
	var requests []history.Request
	for _, c := range calls {
		if c.made.Registry == nil {
			continue
		}
		r := history.Request{Request: *c.made.Registry, From: c.made.At, Failed: true, Unknown: true}
		if c.ended != nil {
			r.Request, r.To, r.Failed = *c.ended.Registry, c.ended.At, c.ended.Code != ledger.OK
			r.Unknown = r.Failed && c.ended.Outcome != helium.NotExecuted.String()
		}
		requests = append(requests, r)
	}
	return len(history.Unexplained(requests))
}
