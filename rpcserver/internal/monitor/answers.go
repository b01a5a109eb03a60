package monitor

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/micro"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/wire"
)

// semver is what NATS's tools take for a version; semver.org has the rule.
var semver = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)` +
	`(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?` +
	`(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)

// maxLastError bounds an endpoint's last error, in bytes.
const maxLastError = 1024

// Service is one of the services that a server tells of.
type Service struct {
	Record binder.Record
	// Figures returns those of its methods now, by their names.
	Figures func() map[string]Figures
}

// Figures are what is counted of a method.
type Figures struct {
	Requests, Errors uint64
	Took             time.Duration // all requests together
	LastError        *helium.Error // nil: none yet
	Data             any           // what more there is to say, for JSON
}

// Answers are what a server says of its services.
type Answers struct {
	Subjects wire.Subjects
	Current  func(binder.Record) binder.Record // returns a record with what was found out since it was made
}

// noVersion is what NATS's tools hear of a version that isn't one of theirs.
const noVersion = "0.0.0"

// to returns the answer to what a verb asks of a service; at length, with what it can do
// without.
func (a *Answers) to(verb string, svc *Service, atLength bool) any {
	switch verb {
	case micro.InfoVerb.String():
		return a.info(svc, atLength)
	case micro.StatsVerb.String():
		return a.stats(svc, atLength)
	}
	return micro.Ping{ServiceIdentity: a.identity(svc), Type: micro.PingResponseType}
}

// identity is what all answers begin with.
func (a *Answers) identity(svc *Service) micro.ServiceIdentity {
	r := a.Current(svc.Record)
	id := micro.ServiceIdentity{Name: svc.Record.Service, ID: r.Instance, Version: r.Version, Metadata: maps.Clone(r.Metadata)}
	if id.Metadata == nil {
		id.Metadata = make(map[string]string)
	}
	if !semver.MatchString(id.Version) {
		id.Metadata["helium.version"], id.Version = id.Version, noVersion
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
func (a *Answers) info(svc *Service, atLength bool) micro.Info {
	info := micro.Info{
		ServiceIdentity: a.identity(svc), Type: micro.InfoResponseType, Endpoints: []micro.EndpointInfo{},
		Description: "A Helium service; helium describe " + svc.Record.Service + " tells more",
	}
	if doc, _, _ := strings.Cut(svc.Record.Doc, "\n\n"); doc != "" {
		info.Description = strings.Join(strings.Fields(doc), " ")
	}
	for _, method := range svc.Record.Methods {
		metadata := map[string]string{
			"signature":  method.Signature,
			"kind":       method.Kind,
			"idempotent": strconv.FormatBool(method.Idempotent),
		}
		if method.Doc != "" && atLength {
			metadata["doc"] = method.Doc
		}
		info.Endpoints = append(info.Endpoints, micro.EndpointInfo{
			Name: method.Name, Subject: a.Subjects.Method(svc.Record.Service, method.Name), QueueGroup: wire.QueueGroup, Metadata: metadata,
		})
	}
	return info
}

// stats says what was called; at length, with histograms.
func (a *Answers) stats(svc *Service, atLength bool) micro.Stats {
	stats := micro.Stats{
		ServiceIdentity: a.identity(svc), Type: micro.StatsResponseType,
		Started: svc.Record.Started.UTC(), Endpoints: []*micro.EndpointStats{},
	}
	figures := svc.Figures()
	for _, method := range svc.Record.Methods {
		f := figures[method.Name]
		endpoint := &micro.EndpointStats{
			Name: method.Name, Subject: a.Subjects.Method(svc.Record.Service, method.Name), QueueGroup: wire.QueueGroup,
			NumRequests: int(f.Requests), NumErrors: int(f.Errors), ProcessingTime: f.Took,
		}
		if f.Requests > 0 {
			endpoint.AverageProcessingTime = f.Took / time.Duration(f.Requests)
		}
		if e := f.LastError; e != nil {
			endpoint.LastError = wire.CutText(fmt.Sprintf("%d:%s", wire.HTTPStatus(e.Code), e.Error()), maxLastError)
		}
		if atLength {
			endpoint.Data, _ = json.Marshal(f.Data) // numbers always can be encoded
		}
		stats.Endpoints = append(stats.Endpoints, endpoint)
	}
	return stats
}
