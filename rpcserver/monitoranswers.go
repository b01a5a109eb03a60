package rpcserver

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/micro"

	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/answers"
)

// semver is what NATS's tools take for a version; semver.org has the rule.
var semver = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)` +
	`(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?` +
	`(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)

// maxLastError bounds an endpoint's last error, in bytes.
const maxLastError = 1024

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

// monitorAnswers are what a server says of its services when NATS's tools ask; see monitor.
type monitorAnswers struct {
	subjects wire.Subjects
	warnings *answers.Warnings
	counters *counters
	load     func() Load
}

// to returns the answer to what a verb asks of a service; at length, with what it can do
// without.
func (a *monitorAnswers) to(verb string, svc *service, atLength bool) any {
	switch verb {
	case micro.InfoVerb.String():
		return a.info(svc, atLength)
	case micro.StatsVerb.String():
		return a.stats(svc, atLength)
	}
	return micro.Ping{ServiceIdentity: a.identity(svc), Type: micro.PingResponseType}
}

// identity is what all answers begin with.
func (a *monitorAnswers) identity(svc *service) micro.ServiceIdentity {
	r := a.warnings.AddTo(svc.record)
	id := micro.ServiceIdentity{Name: svc.name, ID: r.Instance, Version: r.Version, Metadata: maps.Clone(r.Metadata)}
	if id.Metadata == nil {
		id.Metadata = make(map[string]string)
	}
	if !semver.MatchString(id.Version) {
		id.Metadata["helium.version"], id.Version = id.Version, defaultVersion
	}
	for name, definition := range r.Types {
		id.Metadata["helium.type."+name] = definition
	}
	for _, w := range r.Warnings {
		id.Metadata["helium.warning."+strings.TrimPrefix(w.Reason, "helium.")] = w.Message
	}
	return id
}

// info says what can be called; at length, with the methods' documentation.
func (a *monitorAnswers) info(svc *service, atLength bool) micro.Info {
	info := micro.Info{
		ServiceIdentity: a.identity(svc), Type: micro.InfoResponseType, Endpoints: []micro.EndpointInfo{},
		Description: "A Helium service; helium describe " + svc.name + " tells more",
	}
	if doc, _, _ := strings.Cut(svc.record.Doc, "\n\n"); doc != "" {
		info.Description = strings.Join(strings.Fields(doc), " ")
	}
	for _, m := range svc.record.Methods {
		metadata := map[string]string{
			"signature":  m.Signature,
			"kind":       m.Kind,
			"idempotent": strconv.FormatBool(m.Idempotent),
		}
		if m.Doc != "" && atLength {
			metadata["doc"] = m.Doc
		}
		info.Endpoints = append(info.Endpoints, micro.EndpointInfo{
			Name: m.Name, Subject: a.subjects.Method(svc.name, m.Name), QueueGroup: wire.QueueGroup, Metadata: metadata,
		})
	}
	return info
}

// stats says what was called; at length, with histograms.
func (a *monitorAnswers) stats(svc *service, atLength bool) micro.Stats {
	stats := micro.Stats{
		ServiceIdentity: a.identity(svc), Type: micro.StatsResponseType,
		Started: svc.record.Started.UTC(), Endpoints: []*micro.EndpointStats{},
	}
	load := a.load()
	for _, described := range svc.record.Methods {
		c := svc.methods[described.Name].stats.read()
		endpoint := &micro.EndpointStats{
			Name: described.Name, Subject: a.subjects.Method(svc.name, described.Name), QueueGroup: wire.QueueGroup,
			NumRequests: int(c.requests), NumErrors: int(c.errors), ProcessingTime: c.took,
		}
		if c.requests > 0 {
			endpoint.AverageProcessingTime = c.took / time.Duration(c.requests)
		}
		if e := c.lastError; e != nil {
			endpoint.LastError = wire.CutText(fmt.Sprintf("%d:%s", wire.HTTPStatus(e.Code), e.Error()), maxLastError)
		}
		if atLength {
			// Numbers always can be encoded.
			endpoint.Data, _ = json.Marshal(EndpointData{
				InFlight: c.inFlight, Latency: c.latency, Refused: c.refused, Direct: c.direct,
				Streams: c.streams, StreamsBegun: c.streamsBegun, ItemsSent: c.itemsSent, ItemsReceived: c.itemsReceived,
				LargeSent: c.largeSent, LargeReceived: c.largeReceived, LargeBytesSent: c.largeBytesSent, LargeBytesReceived: c.largeBytesReceived,
				RefusedAnswers: a.counters.refusedAnswers.Load(), DroppedAnswers: a.counters.droppedAnswers.Load(), Load: load,
			})
		}
		stats.Endpoints = append(stats.Endpoints, endpoint)
	}
	return stats
}
