package diagnose

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/internal/wire"
)

// readName takes "math.add", or "math" or "add" until the registry tells which it is.
func (w *walk) readName(name string) error {
	service, method, both := strings.Cut(name, ".")
	if both {
		w.service, w.method = service, method
	}
	for _, part := range strings.SplitN(name, ".", 2) {
		if err := wire.CheckName("service or method", part); err != nil {
			return cli.Fail(cli.ExitUsage, "helium why --help", fmt.Errorf("%w; ask as in: helium why math.add", err))
		}
	}
	return nil
}

// connect reaches NATS.
func (w *walk) connect(ctx context.Context) finding {
	nc, err := w.env.Dial(ctx)
	if err != nil {
		return finding{status: statusFailed, text: cli.InOurWords(err.Error()), err: err}
	}
	// What isn't permitted is looked for here, and told where it is found.
	nc.SetErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})
	w.nc = nc
	if w.prober, err = probe.New(nc, w.env.Connection.Prefix); err != nil {
		return failed(cli.ExitUsage, "helium why --help", err)
	}
	rtt, err := nc.RTT()
	if err != nil {
		return failed(cli.ExitNoBus, "helium doctor", fmt.Errorf("connected, and then no answer: %w", err))
	}
	return found("%s at %s, version %s, round trip %v", nc.ConnectedServerName(), nc.ConnectedUrlRedacted(), nc.ConnectedServerVersion(), amount.Time(rtt))
}

// permissions finds out whether answers can come, and binders be asked.
func (w *walk) permissions(ctx context.Context) finding {
	if w.prober == nil {
		return skipped("no connection")
	}
	inbox, denied, err := w.prober.MayReceive(ctx)
	if err != nil {
		return w.lost(err)
	}
	if denied != nil {
		return failed(cli.ExitNoBus, "allow the user to subscribe to "+inbox, errors.New("this user may not receive answers: it may not subscribe to "+inbox))
	}
	w.inbox = true
	lookup := w.prober.Subjects().Lookup(w.report.Name)
	if denied, err = w.prober.MayPublish(ctx, lookup); err != nil {
		return w.lost(err)
	}
	if denied != nil {
		return failed(cli.ExitNoBus, "allow the user to publish to "+w.prober.Subjects().Lookup(">"), errors.New("this user may not ask binders: it may not publish to "+lookup))
	}
	w.mayAsk = true
	return found("may receive on %s and ask binders", inbox)
}

func (w *walk) lost(err error) finding {
	return failed(cli.ExitNoBus, "helium doctor", fmt.Errorf("the connection was lost: %w", err))
}

// binder asks one.
func (w *walk) binder(ctx context.Context) finding {
	if !w.mayAsk {
		return skipped("it can't be asked")
	}
	reg, err := binder.NewClient(w.nc, w.env.Connection.Prefix)
	if err != nil {
		return failed(cli.ExitUsage, "helium why --help", err)
	}
	entry, err := reg.Lookup(ctx, w.report.Name)
	if err == nil && entry.Method == "" {
		// A service may have the name of some other service's method.
		if byMethod, methodErr := reg.LookupMethod(ctx, w.report.Name); methodErr == nil {
			entry = byMethod
		}
	}
	switch {
	case err == nil:
		w.service, w.records = entry.Service, entry.Records
		w.method = entry.Method
		return found("answers")
	case cli.ExitCodeOf(err) == cli.ExitUnknown:
		w.problem = cli.Fail(cli.ExitUnknown, w.whereKnown(err), err)
		return found("answers")
	case errors.Is(err, helium.ErrNoBinder):
		return failed(cli.ExitNoBus, "helium binder", errors.New("no binder is running: programs that know the service go on calling it, new ones can't find it"))
	}
	return failed(cli.ExitCodeOf(err), "helium doctor", err)
}

// whereKnown names the command that shows which names there are.
func (w *walk) whereKnown(err error) string {
	if e, ok := errors.AsType[*helium.Error](err); ok && e.Code == helium.CodeUnimplemented && w.service != "" {
		return shell.Line("helium", "describe", w.service)
	}
	return "helium ls"
}

// record looks at what the registry says.
func (w *walk) record(context.Context) finding {
	switch {
	case w.records == nil && w.problem != nil && cli.ExitCodeOf(w.problem) == cli.ExitUnknown:
		return finding{status: statusFailed, text: w.problem.Error(), err: w.problem}
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

func methodOf(r *binder.Record, name string) *binder.Method {
	for i := range r.Methods {
		if r.Methods[i].Name == name {
			return &r.Methods[i]
		}
	}
	return nil
}

// maxInstances bounds how many instances are looked at one by one.
const maxInstances = 32

// lease looks when the instances renewed their records.
func (w *walk) lease(ctx context.Context) finding {
	if len(w.records) == 0 {
		return skipped("no record")
	}
	s := newStore(w.nc, w.prober, w.prober.Subjects())
	stream, info, err := s.open(ctx)
	if err != nil {
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
