package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/diagnose/probe"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/internal/wire"
)

func newPingCommand(env *cli.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ping [service]",
		Short: "Ask NATS, a binder and each instance for an answer, and time it",
		Long: `Ask NATS, a binder and each instance for an answer, and time it.

An instance is asked for a method that it doesn't have, so no handler runs. Where it
offers direct links it is asked by one as well, which is opened for that; if it can't
be, calls go by NATS. The command ends with 7 if an instance that is registered
doesn't answer by NATS, with 6 if it had no time to, and with 3 if NATS itself doesn't
answer, or no binder.`,
		Example: `  helium ping
  helium ping math`,
		Args:              cli.Words(0, 1),
		ValidArgsFunction: lookup.CompleteServices(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := env.Bounded(cmd.Context())
			defer cancel()
			service := ""
			if len(args) == 1 {
				service, env.Asked = args[0], args[0]
			}
			return ping(ctx, env, service)
		},
	}
	env.Connection.RegisterBusOnly(cmd.Flags())
	return cmd
}

// pingRow is an answer as "helium ping -o json" writes it.
type pingRow struct {
	What     string  `json:"what"` // "nats", "binder" or the service
	Instance string  `json:"instance,omitempty"`
	OK       bool    `json:"ok"`
	MS       float64 `json:"ms"`                // until the answer, or until it was clear that none comes
	Link     string  `json:"link"`              // "bus" or "direct"
	Address  string  `json:"address,omitempty"` // of a direct link
	Error    string  `json:"error,omitempty"`

	denied bool // nothing was asked
	short  bool // nothing can be said
}

func (r *pingRow) set(took time.Duration, err error) {
	r.OK, r.MS = err == nil, float64(took.Microseconds())/1000
	if err == nil {
		return
	}
	r.Error, r.denied, r.short = err.Error(), errors.Is(err, errMayNotAsk), errors.Is(err, cli.ErrTooShort)
	if e, ok := err.(*helium.Error); ok {
		r.Error = cli.InOurWords(e.Message, err) // its code is told below the rows
	}
}

func ping(ctx context.Context, env *cli.Env, service string) error {
	reg, nc, done, err := env.Registry(ctx)
	if err != nil {
		return err
	}
	defer done()
	var rows []pingRow
	if service == "" {
		rows = append(rows, pingNATS(ctx, nc))
	}
	began := time.Now()
	var records []binder.Record
	if service == "" {
		records, err = reg.List(ctx)
	} else {
		var entry *binder.Entry
		if entry, err = lookup.FindService(ctx, reg, service); err == nil {
			records = entry.Records
		}
	}
	if service == "" {
		row := pingRow{What: "binder", Link: lookup.ByBus}
		shown := err
		if short := env.TooShort(err); short != nil {
			shown = short
		}
		row.set(time.Since(began), shown)
		rows = append(rows, row)
	}
	if err != nil {
		return withoutInstances(env, rows, err)
	}
	var direct map[string]pingRow
	var failed error
	var asked sync.WaitGroup
	if !env.Connection.BusOnly {
		// At the same time, as one that doesn't answer by NATS takes all of it.
		asked.Go(func() { direct, failed = pingDirectly(ctx, env, nc, records) })
	}
	answers := pingInstances(ctx, env, nc, records)
	asked.Wait()
	if failed != nil {
		return failed
	}
	for _, r := range answers {
		rows = append(rows, r)
		if d, offered := direct[r.What+"/"+r.Instance]; offered {
			rows = append(rows, d)
		}
	}
	if err := showPings(env, rows); err != nil {
		return err
	}
	if service == "" && !rows[0].OK {
		return silentNATS(&rows[0])
	}
	return silentInstances(env, answers)
}

// withoutInstances shows what was asked before it came out that nobody tells which instances there are.
func withoutInstances(env *cli.Env, rows []pingRow, err error) error {
	if len(rows) > 0 {
		if failed := showPings(env, rows); failed != nil {
			return failed
		}
		if !rows[0].OK {
			return silentNATS(&rows[0])
		}
	}
	return err
}

// pingNATS asks the server, for half of the time at most: what follows wants some too.
func pingNATS(ctx context.Context, nc *nats.Conn) pingRow {
	ctx, cancel := context.WithTimeout(ctx, shareOf(ctx, 1)/2)
	defer cancel()
	row := pingRow{What: "nats", Instance: nc.ConnectedServerName(), Link: lookup.ByBus}
	began, given := time.Now(), left(ctx)
	err := nc.FlushWithContext(ctx)
	switch unknown := cutShort(ctx, given); {
	case err == nil:
	case unknown != nil:
		err = unknown
	case errors.Is(err, context.DeadlineExceeded):
		err = errors.New("no answer in time")
	}
	row.set(time.Since(began), err)
	return row
}

// pingInstances asks the instances, many at once.
func pingInstances(ctx context.Context, env *cli.Env, nc *nats.Conn, records []binder.Record) []pingRow {
	rows := make([]pingRow, len(records))
	for i, r := range records {
		rows[i] = pingRow{What: r.Service, Instance: r.Instance, Link: lookup.ByBus}
	}
	share := shareOf(ctx, len(rows))
	places := make([]int, len(rows))
	for i := range places {
		places[i] = i
	}
	probe.EachOf(places, func(i int) {
		ctx, cancel := context.WithTimeout(ctx, share)
		defer cancel()
		began := time.Now()
		err := pingInstance(ctx, env, nc, &records[i])
		rows[i].set(time.Since(began), err)
	})
	return rows
}

// pingDirectly opens a direct link to each instance that offers some, and asks for a sign there. It
// returns the answers by service and instance.
func pingDirectly(ctx context.Context, env *cli.Env, nc *nats.Conn, records []binder.Record) (map[string]pingRow, error) {
	prober, err := probe.New(nc, env.Connection.Prefix)
	if err != nil {
		return nil, err
	}
	straights, err := prober.Straight()
	if err != nil {
		return nil, err
	}
	offer := slices.DeleteFunc(slices.Clone(records), func(r binder.Record) bool { return !lookup.OffersDirect(&r) })
	var mu sync.Mutex
	rows := make(map[string]pingRow)
	share := shareOf(ctx, len(offer))
	probe.EachOf(offer, func(r binder.Record) {
		ctx, cancel := context.WithTimeout(ctx, share)
		defer cancel()
		given := left(ctx)
		s := straights.Ask(ctx, r.Service, r.Instance)
		straights.Open(ctx, s)
		row := pingRow{What: r.Service, Instance: r.Instance, Link: lookup.ByDirectLink, Address: s.Address}
		reason := s.Reason()
		unknown := cutShort(ctx, given)
		if reason != nil && unknown != nil {
			reason = unknown
		}
		if row.set(s.RoundTrip, reason); reason != nil && unknown == nil {
			row.Error = fmt.Sprintf("none at its stage %s, so calls go by NATS: %s", s.Stage, row.Error)
		}
		mu.Lock()
		defer mu.Unlock()
		rows[r.Service+"/"+r.Instance] = row
	})
	return rows, nil
}

// noMethod is a name that no method has: servers keep those that begin so for tools.
const noMethod = "helium-ping"

var errMayNotAsk = errors.New("this user may not ask it")

// pingInstance returns nil if the instance says that it doesn't have such a method: as
// a plain request, since a client would ask the registry first and send nothing.
func pingInstance(ctx context.Context, env *cli.Env, nc *nats.Conn, r *binder.Record) error {
	subjects, err := wire.NewSubjects(env.Connection.Prefix)
	if err != nil {
		return err
	}
	subject := subjects.MethodAt(r.Service, r.Instance, noMethod)
	given := left(ctx)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	watch := natsperm.Listen(nc, func(refusal error) (own bool) {
		refused, ok := natsperm.Publish(refusal)
		if own = ok && refused == subject; own {
			stop(errMayNotAsk)
		}
		return own
	})
	defer watch.Stop()
	m, err := probe.Request(ctx, nc, subject, []byte("[]"))
	switch {
	case err != nil && context.Cause(ctx) == errMayNotAsk:
		return fmt.Errorf("%w: it may not publish to %s", errMayNotAsk, subject)
	case errors.Is(err, nats.ErrNoResponders):
		return errors.New("nobody listens; its record stays until its lease ends")
	case err != nil && cutShort(ctx, given) != nil:
		return cutShort(ctx, given)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return errors.New("no answer in time; it may be frozen, or too busy")
	case err != nil:
		return err
	}
	var answer struct{ Instance string }
	if json.Unmarshal(m.Data, &answer) != nil || answer.Instance != r.Instance {
		return fmt.Errorf("an answer came that isn't the instance's: %.100q", m.Data)
	}
	return nil
}

func showPings(env *cli.Env, rows []pingRow) error {
	return cli.ShowList(env.Output, rows, func(r pingRow) string {
		text := fmt.Sprintf("%s %s %t %g", r.What, cmp.Or(r.Instance, "-"), r.OK, r.MS)
		if r.Link == lookup.ByDirectLink {
			text += " " + r.Link
		}
		return text
	}, func(t table.Writer) {
		t.AppendHeader(table.Row{"what", "instance", "link", "time", "answer"})
		for _, r := range rows {
			answer, took := "ok", amount.Milliseconds(r.MS)
			if !r.OK {
				answer = r.Error
			}
			if !r.OK && r.MS == 0 {
				took = "-" // no link stood
			}
			t.AppendRow(table.Row{r.What, r.Instance, r.Link, took, answer})
		}
	})
}

// silentNATS is the error of a server that didn't answer, though others did through it.
func silentNATS(row *pingRow) error {
	if row.short {
		return cli.Fail(cli.ExitDeadline, shell.Line("helium", "ping", "--timeout", enoughFor(1)), errors.New("NATS didn't answer: "+row.Error))
	}
	return cli.Fail(cli.ExitNoBus, "helium doctor", fmt.Errorf("NATS didn't answer: %s", row.Error))
}

// silentInstances is the error of those that are registered and didn't answer. It is that of one that
// had the time to, if there is one.
func silentInstances(env *cli.Env, rows []pingRow) error {
	silent := 0
	var first *pingRow
	for i := range rows {
		if rows[i].OK {
			continue
		}
		if silent++; first == nil || first.short && !rows[i].short {
			first = &rows[i]
		}
	}
	if silent == 0 {
		return nil
	}
	e := helium.Errorf(helium.CodeUnavailable, "%s didn't answer; the first: %s", amount.OfAll(silent, len(rows), "instance"), first.Error)
	if first.short {
		e.Code = helium.CodeDeadlineExceeded
	}
	e.Service, e.Instance, e.Outcome = first.What, first.Instance, helium.NotExecuted
	switch {
	case first.denied:
		return cli.Fail(cli.ExitNoBus, "helium doctor", e)
	case first.short:
		again := []string{"helium", "ping", "--timeout", enoughFor(len(rows))}
		if env.Asked != "" {
			again = append(again, env.Asked)
		}
		return cli.Fail(cli.ExitDeadline, shell.Line(again...), e)
	}
	return cli.Fail(cli.ExitNoInstance, shell.Line("helium", "why", first.What), e)
}
