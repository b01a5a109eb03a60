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
	// RefusedAnswers and DroppedAnswers are those of [Stats]: of the server as a whole,
	// so the same with each method. Why is in the metadata, helium.warning.<reason>.
	RefusedAnswers uint64 `json:"refused_answers,omitempty"`
	DroppedAnswers uint64 `json:"dropped_answers,omitempty"`
}

// identity is what all answers of NATS's service convention begin with.
func (s *Server) identity(svc *service) micro.ServiceIdentity {
	r := s.warnings.addTo(svc.record)
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
func (s *Server) info(svc *service, atLength bool) micro.Info {
	info := micro.Info{
		ServiceIdentity: s.identity(svc), Type: micro.InfoResponseType, Endpoints: []micro.EndpointInfo{},
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
			Name: m.Name, Subject: s.subjects.Method(svc.name, m.Name), QueueGroup: wire.QueueGroup, Metadata: metadata,
		})
	}
	return info
}

// statsOf says what was called; at length, with histograms.
func (s *Server) statsOf(svc *service, atLength bool) micro.Stats {
	stats := micro.Stats{
		ServiceIdentity: s.identity(svc), Type: micro.StatsResponseType,
		Started: svc.record.Started.UTC(), Endpoints: []*micro.EndpointStats{},
	}
	for _, described := range svc.record.Methods {
		c := svc.methods[described.Name].tally.read()
		endpoint := &micro.EndpointStats{
			Name: described.Name, Subject: s.subjects.Method(svc.name, described.Name), QueueGroup: wire.QueueGroup,
			NumRequests: int(c.requests), NumErrors: int(c.errors), ProcessingTime: c.took,
		}
		if c.requests > 0 {
			endpoint.AverageProcessingTime = c.took / time.Duration(c.requests)
		}
		if e := c.lastError; e != nil {
			endpoint.LastError = cutText(fmt.Sprintf("%d:%s", wire.HTTPStatus(e.Code), e.Error()), maxLastError)
		}
		if atLength {
			// Numbers always can be encoded.
			endpoint.Data, _ = json.Marshal(EndpointData{
				InFlight: c.inFlight, Latency: c.latency,
				RefusedAnswers: s.counters.refusedAnswers.Load(), DroppedAnswers: s.counters.droppedAnswers.Load(),
			})
		}
		stats.Endpoints = append(stats.Endpoints, endpoint)
	}
	return stats
}
