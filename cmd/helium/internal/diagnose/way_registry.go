package diagnose

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/shell"
)

// wayToRegistry are the checks of the way as far as the registry.
type wayToRegistry struct{ *way }

// connection reaches NATS.
func (w wayToRegistry) connection(ctx context.Context) finding {
	if err := w.connect(ctx); err != nil {
		return failedAs(err)
	}
	if err := w.openProber(); err != nil {
		return failed(cli.ExitUsage, "helium why --help", err)
	}
	rtt, err := roundTrip(ctx, w.nc)
	if err != nil {
		return failed(cli.ExitNoBus, "helium doctor", fmt.Errorf("connected, and then no answer: %w", err))
	}
	return found("%s at %s, version %s, round trip %v", w.nc.ConnectedServerName(), w.nc.ConnectedUrlRedacted(), w.nc.ConnectedServerVersion(), amount.Time(rtt))
}

// permissions finds out whether answers can come, and binders be asked.
func (w wayToRegistry) permissions(ctx context.Context) finding {
	if w.prober == nil {
		return skipped("no connection")
	}
	inbox, denied, err := w.prober.MayReceive(ctx)
	if err != nil {
		return w.lost(err)
	}
	if denied != nil {
		return failed(cli.ExitNoBus, "allow the user to subscribe to "+inbox, helium.ErrNotPermitted.WithMessage("this user may not receive answers: it may not subscribe to %s", inbox))
	}
	w.inbox = true
	lookup := w.prober.Subjects().Lookup(w.name)
	if denied, err = w.prober.MayPublish(ctx, lookup); err != nil {
		return w.lost(err)
	}
	if denied != nil {
		return failed(cli.ExitNoBus, "allow the user to publish to "+w.prober.Subjects().Lookup(">"), helium.ErrRegistryNotPermitted.WithMessage("this user may not ask binders: it may not publish to %s", lookup))
	}
	w.mayAsk = true
	return found("may receive on %s and ask binders", inbox)
}

// binder asks one.
func (w wayToRegistry) binder(ctx context.Context) finding {
	if !w.mayAsk {
		return skipped("it can't be asked")
	}
	reg, err := w.registry()
	if err != nil {
		return failed(cli.ExitUsage, "helium why --help", err)
	}
	entry, err := reg.Lookup(ctx, w.name)
	if err == nil && entry.Method == "" {
		// A service may have the name of some other service's method.
		if byMethod, methodErr := reg.LookupMethod(ctx, w.name); methodErr == nil {
			entry = byMethod
		}
	}
	if err == nil {
		err = lookup.AddOmitted(ctx, reg, entry)
	}
	switch {
	case err == nil:
		w.service, w.records = entry.Service, entry.Records
		w.method = entry.Method
		return found("answers")
	case cli.ExitCodeOf(err) == cli.ExitUnknown:
		w.unknown = cli.Fail(cli.ExitUnknown, w.whereKnown(err), err)
		return found("answers")
	case errors.Is(err, helium.ErrNoBinder):
		return failed(cli.ExitNoBus, "helium binder", errors.New("no binder is running: programs that know the service go on calling it, new ones can't find it"))
	}
	return failed(cli.ExitCodeOf(err), "helium doctor", err)
}

// whereKnown names the command that shows which names there are.
func (w wayToRegistry) whereKnown(err error) string {
	if e, ok := errors.AsType[*helium.Error](err); ok && e.Code == helium.CodeUnimplemented && w.service != "" {
		return shell.Line("helium", "describe", w.service)
	}
	return "helium ls"
}

// record looks at what the registry says.
func (w wayToRegistry) record(context.Context) finding {
	switch {
	case w.unknown != nil:
		return finding{status: statusFailed, text: w.unknown.Error(), err: w.unknown}
	case w.records == nil:
		return skipped("the registry can't be asked")
	}
	newest := lookup.Newest(w.records)
	chosen := ""
	if w.method == "" {
		if len(newest.Methods) == 0 {
			return failed(cli.ExitUnknown, shell.Line("helium", "describe", w.service), fmt.Errorf("%s is registered without any method", w.service))
		}
		w.method = newest.Methods[0].Name
		chosen = "; looking at its first method, " + w.method
	}
	signatures := map[string]bool{}
	for _, r := range w.records {
		for _, m := range r.Methods {
			if m.Name == w.method {
				signatures[m.Signature] = true
			}
		}
	}
	m := methodOf(newest, w.method)
	if m == nil {
		return failed(cli.ExitUnknown, shell.Line("helium", "describe", w.service), fmt.Errorf("the newest instance, %s, has no method %s", newest.Instance, w.method))
	}
	parsed, err := lookup.ParseMethod(m.Signature, newest.Types)
	if err != nil {
		return failed(cli.ExitInternal, shell.Line("helium", "describe", w.service), fmt.Errorf("the signature %q of instance %s can't be read: %w", m.Signature, newest.Instance, err))
	}
	w.signature = parsed
	text := amount.Of(len(w.records), "instance") + ": " + m.Signature + chosen
	if len(signatures) > 1 {
		return warning("%s; other instances have another signature, so what fits one may not fit the next", text)
	}
	if list := lookup.Warnings(w.records); list != nil {
		return warned(text, list)
	}
	return found("%s", text)
}

// lease looks when the instances renewed their records.
func (w wayToRegistry) lease(ctx context.Context) finding {
	if len(w.records) == 0 {
		return skipped("no record")
	}
	s := w.store()
	stream, info, err := s.open(ctx)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return skipped("NATS didn't say in time")
	case err != nil:
		return skipped("%v", err)
	}
	lease := info.Config.MaxAge
	oldest, late := time.Duration(0), []string(nil)
	for _, r := range w.records[:min(len(w.records), maxInstances)] {
		age, err := s.renewed(ctx, stream, r.Service, r.Instance)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			late = append(late, r.Instance+" (gone from the store just now)")
			continue
		case errors.Is(err, context.DeadlineExceeded):
			return skipped("NATS didn't say in time")
		case err != nil:
			return skipped("%v", err)
		}
		oldest = max(oldest, age)
		if lease > 0 && age > lease*2/3 {
			late = append(late, fmt.Sprintf("%s (%s ago)", r.Instance, amount.Exact(age.Round(time.Second))))
		}
	}
	if late != nil {
		return warning("not renewed in time: %s; records last %s and are renewed each third of it. The server is frozen, was killed, or can't reach a binder", strings.Join(late, ", "), amount.Exact(lease))
	}
	return found("renewed within the last %s, lasts %s", amount.Exact(max(oldest.Round(100*time.Millisecond), 100*time.Millisecond)), amount.Exact(lease))
}
