package rpcserver

import "github.com/helium-rpc/helium/rpcserver/internal/monitor"

// EndpointData is what $SRV.STATS has of a method beside NATS's own figures, as the
// endpoint's data.
type EndpointData struct {
	// InFlight is how many calls run or wait now.
	InFlight uint64 `json:"in_flight"`
	// Latency is how long the calls took that were run.
	Latency Latency `json:"latency_ns"`
	// Refused is how many were refused for load.
	Refused uint64 `json:"refused,omitempty"`
	// Direct is how many came by direct links so far, those in flight too.
	Direct uint64 `json:"direct,omitempty"`
	// Streams is how many streams of the method run now, all of which are in flight, and StreamsBegun
	// how many have begun so far.
	Streams      uint64 `json:"streams,omitempty"`
	StreamsBegun uint64 `json:"streams_begun,omitempty"`
	// ItemsSent and ItemsReceived are how many items of streams left and came so far.
	ItemsSent     uint64 `json:"items_sent,omitempty"`
	ItemsReceived uint64 `json:"items_received,omitempty"`
	// LargeSent is how many results left in chunks so far, LargeReceived how many arguments came so, and
	// LargeBytesSent and LargeBytesReceived how many bytes they had.
	LargeSent          uint64 `json:"large_sent,omitempty"`
	LargeReceived      uint64 `json:"large_received,omitempty"`
	LargeBytesSent     uint64 `json:"large_bytes_sent,omitempty"`
	LargeBytesReceived uint64 `json:"large_bytes_received,omitempty"`
	// RefusedAnswers and DroppedAnswers are those of [Stats]: of the server as a whole,
	// so the same with each method. Why is in the metadata, helium.warning.<reason>.
	RefusedAnswers uint64 `json:"refused_answers,omitempty"`
	DroppedAnswers uint64 `json:"dropped_answers,omitempty"`
	// Load is that of the server as a whole, too.
	Load Load `json:"load"`
}

// endpoints returns what the service's methods are for NATS's tools now, by their names, of a server
// with these counts and that load.
func (svc *service) endpoints(server *counters, load Load) map[string]monitor.Figures {
	all := make(map[string]monitor.Figures, len(svc.methods))
	for name, m := range svc.methods {
		f := m.stats.read()
		all[name] = monitor.Figures{Requests: f.requests, Errors: f.errors, Took: f.took, LastError: f.lastError, Data: EndpointData{
			InFlight: f.inFlight, Latency: f.latency, Refused: f.refused, Direct: f.direct,
			Streams: f.streams, StreamsBegun: f.streamsBegun, ItemsSent: f.itemsSent, ItemsReceived: f.itemsReceived,
			LargeSent: f.largeSent, LargeReceived: f.largeReceived, LargeBytesSent: f.largeBytesSent, LargeBytesReceived: f.largeBytesReceived,
			RefusedAnswers: server.refusedAnswers.Load(), DroppedAnswers: server.droppedAnswers.Load(), Load: load,
		}}
	}
	return all
}
