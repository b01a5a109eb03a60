package diagnose

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/wire"
)

// registryChecks look at binders, their bucket and what is registered.
type registryChecks struct {
	*access
	answered bool // a binder did
	records  []binder.Record
}

// askBinder asks for a name that isn't there: before it says so, a binder asks the store.
func (e *registryChecks) askBinder(ctx context.Context) error {
	reg, err := e.registry()
	if err != nil {
		return err
	}
	_, err = reg.Lookup(ctx, "helium-doctor")
	if cli.ExitCodeOf(err) == cli.ExitUnknown {
		err = nil
	}
	e.answered = err == nil || errors.Is(err, helium.ErrStoreUnavailable) || errors.Is(err, helium.ErrStoreRefused)
	return err
}

// binder finds out whether one answers.
func (e *registryChecks) binder(ctx context.Context) finding {
	if !e.inbox {
		return skipped("answers can't come")
	}
	if denied, err := e.prober.MayPublish(ctx, e.prober.Subjects().Lookup("helium-doctor")); denied != nil || err != nil {
		return skipped("it may not be asked")
	}
	switch err := e.askBinder(ctx); {
	case err == nil:
		return found("answers, and reaches its store")
	case errors.Is(err, helium.ErrNoBinder):
		return failed(cli.ExitNoBus, "helium binder", errors.New("no binder is running; without one, programs don't find services that they don't know yet"))
	case errors.Is(err, helium.ErrStoreRefused):
		return failed(cli.ExitNoBus, "change what it says", err)
	case errors.Is(err, helium.ErrStoreUnavailable):
		return failed(cli.ExitNoBus, "see that JetStream runs and has a leader: nats server report jetstream", err)
	default:
		return failed(cli.ExitNoBus, "look at the binder's log", err)
	}
}

// bucket holds the bucket of the registry against what docs/protocol.md says.
func (e *registryChecks) bucket(ctx context.Context) finding {
	if !e.inbox {
		return skipped("answers can't come")
	}
	s := e.store()
	_, info, err := s.open(ctx)
	switch {
	case errors.Is(err, errNotAllowed):
		return skipped("%v", err)
	case errors.Is(err, errNoStore) && e.askBinder(ctx) == nil:
		return skipped("JetStream isn't for this account; the binder's is another one")
	case errors.Is(err, errNoStore):
		return failed(cli.ExitNoBus, `put "jetstream {}" into the NATS server's configuration, or start it with: nats-server -js`, err)
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return skipped("the bucket %s isn't there yet; the first binder makes it", s.name)
	case err != nil:
		return unanswered(e.nc, s, err)
	}
	if owner := info.Config.Metadata["helium_prefix"]; owner != "" && owner != e.prober.Subjects().Prefix() {
		return failed(cli.ExitNoBus, "choose another --prefix", fmt.Errorf("the bucket %s is that of the prefix %q", s.name, owner))
	}
	text := fmt.Sprintf("%s: %s, lease %s, %s, %s", s.name, amount.Of(int(info.State.Msgs), "key"), amount.Exact(info.Config.MaxAge), strings.ToLower(info.Config.Storage.String()), amount.Of(info.Config.Replicas, "replica"))
	if info.Config.Sealed {
		return failed(cli.ExitNoBus, "nats kv del "+s.name+": servers register again", fmt.Errorf("%s; it is sealed and takes no record", text))
	}
	if wrong := unfit(info.Config); wrong != nil {
		return advised("restart a binder, which mends it; or nats kv del "+s.name+": servers register again", "%s; %s", text, strings.Join(wrong, "; "))
	}
	if limit := nearlyFull(info); limit != "" {
		return advised("nats stream edit "+s.stream()+" "+limit+" -1", "%s; it is full or will be soon, and then no service can register", text)
	}
	if info.Config.Replicas == 1 && e.nc.ConnectedClusterName() != "" {
		return advised("nats stream edit "+s.stream()+" --replicas 3", "%s: with its server gone, no new service is found", text)
	}
	if info.Config.Replicas > 1 {
		return replicas(s, info, text)
	}
	return found("%s", text)
}

// nearlyFull returns the flag of the limit that a bucket has come near, "" for none.
func nearlyFull(info *jetstream.StreamInfo) (flag string) {
	c, st := info.Config, info.State
	switch {
	case c.MaxBytes > 0 && st.Bytes*10 >= uint64(c.MaxBytes)*9:
		return "--max-bytes"
	case c.MaxMsgs > 0 && st.Msgs*10 >= uint64(c.MaxMsgs)*9:
		return "--max-msgs"
	}
	return ""
}

// unfit says which settings of a bucket aren't those of a registry.
func unfit(c jetstream.StreamConfig) (wrong []string) {
	if c.MaxAge <= 0 {
		wrong = append(wrong, "it has no lease (max_age), so records of killed servers stay")
	}
	if c.SubjectDeleteMarkerTTL <= 0 || !c.AllowMsgTTL {
		wrong = append(wrong, "it leaves no markers (subject_delete_marker_ttl), so nobody hears of an expiry")
	}
	if c.MaxMsgsPerSubject != 1 {
		wrong = append(wrong, fmt.Sprintf("it keeps %s a key (max_msgs_per_subject), not 1", keptValues(c.MaxMsgsPerSubject)))
	}
	if c.Discard != jetstream.DiscardNew && (c.MaxBytes > 0 || c.MaxMsgs > 0) {
		wrong = append(wrong, "it drops its oldest records in silence when it is full (discard)")
	}
	return wrong
}

// keptValues says how many values of a key are kept, of which -1 are all.
func keptValues(n int64) string {
	if n <= 0 {
		return "any number of values"
	}
	return amount.Of(int(n), "value")
}

// binders counts them by those who watch the bucket, as each binder does.
func (e *registryChecks) binders(ctx context.Context) finding {
	if !e.answered {
		return skipped("none answered")
	}
	n, err := e.watching(ctx)
	if err != nil {
		return skipped("they can't be counted: %v", err)
	}
	switch n {
	case 0:
		return advised("look at the binder's log", "one answers, and none watches the bucket")
	case 1:
		return found("1 watches the bucket; a second one would answer while it is restarted")
	default:
		return found("%d watch the bucket", n)
	}
}

// watching returns how many watch the bucket. A binder that lost its watch begins another
// one within half a second, so none is what there is only if it stays so.
func (e *registryChecks) watching(ctx context.Context) (n int, err error) {
	const looks = 10
	for range looks {
		_, info, err := e.store().open(ctx)
		if err != nil {
			return 0, err
		}
		if n = info.State.Consumers; n > 0 {
			break
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return n, nil
		}
	}
	return n, nil
}

// instances looks whether somebody stands behind each record.
func (e *registryChecks) instances(ctx context.Context) finding {
	if !e.answered {
		return skipped("no binder answered")
	}
	if denied, err := e.prober.MayPublish(ctx, e.prober.Subjects().List()); denied != nil || err != nil {
		return skipped("this user may not list them")
	}
	reg, err := e.registry()
	if err != nil {
		return failedAs(cli.ClientFailure(err))
	}
	records, err := reg.List(ctx)
	if err != nil && ctx.Err() != nil {
		return skipped("the time was over before they were listed")
	}
	if err != nil {
		return failed(cli.ExitCodeOf(err), "look at the binder's log", err)
	}
	if len(records) == 0 {
		return found("no service is registered; an example is: helium serve math")
	}
	e.records = records
	services := map[string]bool{}
	var gone []string
	var asked []binder.Record
	for i, r := range records {
		services[r.Service] = true
		if i >= maxInstances {
			continue // services with so many are looked at by helium ping
		}
		subject := e.prober.Subjects().ServiceAt(r.Service, r.Instance)
		if denied, err := e.prober.MayPublish(ctx, subject); denied != nil || err != nil {
			continue
		}
		switch there, err := e.prober.Subscribed(ctx, subject); {
		case err != nil:
		case !there:
			gone = append(gone, r.Service+"/"+r.Instance)
		case wire.Abilities(r.Abilities).Has(wire.Heartbeats): // others don't answer to who they are
			asked = append(asked, r)
		}
	}
	if twice := e.examineDelivery(ctx, records); twice != nil {
		return *twice
	}
	silent, late := e.silent(ctx, asked)
	text := amount.Of(len(records), "instance") + " of " + amount.Of(len(services), "service") + lookedAt(min(len(records), maxInstances), len(records))
	if late {
		text += "; the time was over before all had answered"
	} else if silent != nil {
		return advised("look at those processes: they hang, or are stopped; restart them", "%s; no answer from %s", text, strings.Join(silent, ", "))
	}
	if list := lookup.Warnings(records); list != nil && gone != nil {
		return warned(text+"; nobody is behind the records of "+strings.Join(gone, ", "), list)
	}
	if gone != nil {
		return advised("nothing, if they were just killed: their records end with their lease", "%s; nobody is behind the records of %s", text, strings.Join(gone, ", "))
	}
	if list := lookup.Warnings(records); list != nil {
		return warned(text, list)
	}
	if late {
		return skipped("%s", text)
	}
	return found("%s", text)
}
