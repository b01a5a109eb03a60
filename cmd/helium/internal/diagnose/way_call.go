package diagnose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/arguments"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/internal/wire"
)

// wayToInstances are the checks of the way behind the registry.
type wayToInstances struct{ *way }

// mayCall finds out whether the user may send calls of the method.
func (w wayToInstances) mayCall(ctx context.Context) finding {
	if why := w.unnamed(); why != "" {
		return skipped("%s", why)
	}
	denied, err := w.prober.MayPublish(ctx, w.subject())
	if err != nil {
		return w.lost(err)
	}
	if denied != nil {
		w.denied = true
		return failed(cli.ExitNoBus, "allow the user to publish to "+w.subject(),
			w.named(helium.ErrNotPermitted.WithMessage("this user may not call it: it may not publish to %s", w.subject())))
	}
	return found("may publish to %s", w.subject())
}

// subscribers finds out whether anybody listens.
func (w wayToInstances) subscribers(ctx context.Context) finding {
	if why := w.unheard(); why != "" {
		return skipped("%s", why)
	}
	there, err := w.prober.Subscribed(ctx, w.subject())
	switch {
	case err != nil:
		return w.lost(err)
	case there:
		return found("somebody listens on %s", w.subject())
	}
	next := "start an instance of " + w.service
	if w.service == "math" {
		next = "helium serve math"
	}
	message := "nobody listens on %s: no instance is running"
	if len(w.records) > 0 {
		message += "; the registry's record is of one that was killed or lost its connection, and stays until its lease ends"
	}
	return failed(cli.ExitNoInstance, next, w.named(helium.ErrNoInstance.WithMessage(message, w.subject())))
}

// instances asks whoever NATS chooses, and then each instance, without running anything.
func (w wayToInstances) instances(ctx context.Context) finding {
	if why := w.unheard(); why != "" {
		return skipped("%s", why)
	}
	params := 0
	if w.signature != nil {
		params = len(w.signature.Params)
	}
	targets := []probe.Target{{Subject: w.subject(), Params: params, Any: true}}
	each := w.records[:min(len(w.records), maxInstances)]
	if len(each) > 0 && w.mayAddress(ctx, each[0].Instance) {
		for _, r := range each {
			targets = append(targets, probe.Target{Subject: w.prober.Subjects().MethodAt(w.service, r.Instance, w.method), Params: params})
		}
	} else {
		each = nil // only NATS's choice can be asked
	}
	patience := w.probePatience()
	if deadline, ends := ctx.Deadline(); ends {
		patience = min(patience, time.Until(deadline))
	}
	answers := w.prober.Call(ctx, patience, targets...)
	chosen, rest := &answers[0], answers[1:]

	var silent, gone, well []string
	for i := range rest {
		switch name := each[i].Instance; {
		case rest[i].Well():
			well = append(well, name)
		case errors.Is(rest[i].Err, probe.ErrSilent):
			silent = append(silent, name)
		case errors.Is(rest[i].Err, probe.ErrNobody):
			gone = append(gone, name)
		}
	}
	if errors.Is(chosen.Err, probe.ErrNobody) {
		return skipped("nobody to ask")
	}
	captured := ""
	for i := range answers {
		if captured == "" {
			captured = answers[i].Captured
		}
	}
	if len(silent) > 0 || errors.Is(chosen.Err, probe.ErrSilent) {
		if patience < cli.TimeToTell && !errors.Is(ctx.Err(), context.Canceled) {
			return noTime(patience)
		}
		return w.silence(ctx, silent, len(each), captured)
	}
	if !chosen.Well() {
		return w.refused(chosen)
	}
	for i := range rest {
		if !rest[i].Well() && !errors.Is(rest[i].Err, probe.ErrNobody) {
			return w.refused(&rest[i])
		}
	}
	if len(chosen.Others) > 0 {
		return deliveredTwice(w.service, append(chosen.Others, chosen.Instance))
	}
	text := fmt.Sprintf("%s answered in %v, nothing was run", chosen.Instance, amount.Time(chosen.Took))
	if len(each) > 1 {
		text += "; so did " + amount.OfAll(len(well), len(each), "instance") + lookedAt(len(each), len(w.records))
	}
	if len(gone) > 0 {
		return warning("%s; not there any more: %s. Such a record ends with its lease, and gets no calls meanwhile", text, strings.Join(gone, ", "))
	}
	if captured != "" {
		return warning("%s; %s. A call that nobody serves isn't told from one that takes long", text, captured)
	}
	if list := w.warnedSince(ctx); list != nil {
		return warned(text, list)
	}
	return found("%s", text)
}

// mayAddress finds out whether the user may call single instances, which calls of the
// method don't need.
func (w wayToInstances) mayAddress(ctx context.Context, instance string) bool {
	denied, err := w.prober.MayPublish(ctx, w.prober.Subjects().MethodAt(w.service, instance, w.method))
	return denied == nil && err == nil
}

// probePatience is how long a probe waits: one that isn't run is answered at once, unless
// the instance has no worker free for as long.
func (w wayToInstances) probePatience() time.Duration {
	return min(longestProbe, w.env.Connection.Timeout/2)
}

// longestProbe is that time if --timeout leaves as much: more than a process that isn't
// hung stands still.
const longestProbe = 3 * time.Second

// silence is the finding of instances that take calls and don't answer. It ends as a call there would: at its deadline
// where an instance is there and has no worker free, and sooner where a client hears nothing of it.
func (w wayToInstances) silence(ctx context.Context, instances []string, all int, captured string) finding {
	who := "whoever listens"
	if len(instances) > 0 {
		who = fmt.Sprintf("%s (%s)", strings.Join(instances, ", "), amount.OfAll(len(instances), all, "instance"))
	}
	const look = "look at those processes: they hang, are stopped, or all their workers are busy; restart them"
	if captured != "" {
		return failed(cli.ExitDeadline, "start an instance, or look at those that there are; and mend the stream",
			w.named(helium.ErrDeadline.WithMessage("no answer from %s; %s", who, captured)))
	}
	asked := w.tellThemselves(ctx, instances)
	switch mute, late := w.silent(ctx, asked); {
	case errors.Is(ctx.Err(), context.Canceled):
		return skipped("it was stopped before an answer came from %s", who)
	case late: // nobody had the time to say it
	case len(mute) > 0:
		return failed(cli.ExitNoInstance, look,
			w.named(helium.ErrSilent.WithMessage("no answer from %s, nor does %s say that it is there; a call that goes there fails once it was silent for two seconds, and then a client keeps away from it, unless all are silent", who, strings.Join(mute, " or "))))
	case len(asked) == len(instances) && len(asked) > 0:
		return failed(cli.ExitDeadline, look,
			w.named(helium.ErrDeadline.WithMessage("no answer from %s, though it says that it is there: all its workers are busy; calls that go there end with their deadline", who)))
	}
	return failed(cli.ExitDeadline, look,
		w.named(helium.ErrDeadline.WithMessage("no answer from %s; a client keeps away from who it has found silent, unless all are, and calls that go there end with their deadline", who)))
}

// tellThemselves returns those of some instances that can be asked who they are.
func (w wayToInstances) tellThemselves(ctx context.Context, instances []string) (able []binder.Record) {
	for _, r := range w.records {
		if !slices.Contains(instances, r.Instance) || !wire.Abilities(r.Abilities).Has(wire.Heartbeats) {
			continue
		}
		if denied, err := w.prober.MayPublish(ctx, w.prober.Subjects().ServiceAt(w.service, r.Instance)); denied == nil && err == nil {
			able = append(able, r)
		}
	}
	return able
}

// refused is the finding of an answer other than that all is well.
func (w wayToInstances) refused(a *probe.Answer) finding {
	if a.Refusal == nil {
		return failed(cli.ExitInternal, "see which program listens on "+w.subject(), fmt.Errorf("the answer isn't one of a Helium server: %w", a.Err))
	}
	e := *a.Refusal
	e.Service, e.Method = w.service, w.method
	switch {
	case errors.Is(&e, helium.ErrOverloaded):
		return failed(cli.ExitNoInstance, "start more instances of "+w.service+", or call less", &e)
	case errors.Is(&e, helium.ErrNoMethod):
		return failed(cli.ExitUnknown, shell.Line("helium", "describe", w.service), &e)
	case e.Outcome != helium.NotExecuted:
		return failed(cli.ExitInternal, "see which program listens on "+w.subject(), fmt.Errorf("the call should have been turned away, and it may have run: %w", &e))
	}
	return failed(cli.ExitOfCall(&e), shell.Line("helium", "describe", w.service), &e)
}

// warnedSince returns what the instances say of their set-up now and didn't say in their
// records before: a probe may have found it out.
func (w wayToInstances) warnedSince(ctx context.Context) (list []lookup.Warning) {
	reg, err := w.registry()
	if err != nil || len(w.records) == 0 {
		return nil
	}
	entry, err := lookup.Entry(ctx, reg, w.service+"."+w.method)
	if err != nil {
		return nil
	}
	before := lookup.Warnings(w.records)
	for _, now := range lookup.Warnings(entry.Records) {
		if !slices.ContainsFunc(before, func(old lookup.Warning) bool { return old.Warning == now.Warning }) {
			list = append(list, now)
		}
	}
	return list
}

// tryIt returns a command that calls the method.
func tryIt(w *way) string {
	name := w.service + "." + w.method
	newest := lookup.Newest(w.records)
	if m := methodOf(newest, w.method); m != nil {
		if parsed, err := lookup.ParseMethod(m.Signature, newest.Types); err == nil {
			return arguments.Try(name, parsed, m.Example)
		}
	}
	return shell.Line("helium", "describe", name)
}
