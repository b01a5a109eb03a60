package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
)

func newLsCommand(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "ls [service]",
		Aliases: []string{"list"},
		Short:   "List services, or the instances of one",
		Example: `  helium ls
  helium ls math
  helium ls -o raw            their names only`,
		Args:              cli.Words(0, 1),
		ValidArgsFunction: lookup.CompleteServices(env),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := env.Bounded(cmd.Context())
			defer cancel()
			reg, _, done, err := env.Registry(ctx)
			if err != nil {
				return err
			}
			defer done()
			if len(args) == 1 {
				env.Asked = args[0]
				entry, err := lookup.FindService(ctx, reg, args[0])
				if err != nil {
					return err
				}
				return listInstances(env, entry.Records)
			}
			records, err := reg.List(ctx)
			if err != nil {
				return err
			}
			return listServices(env, records)
		},
	}
}

func listServices(env *cli.Env, records []binder.Record) error {
	rows := lookup.Services(records)
	if len(rows) == 0 {
		env.Say("No service is registered. To serve an example: helium serve math")
		if env.Form == "table" {
			return nil // a header alone would be noise
		}
	}
	return cli.ShowList(env.Output, rows, func(r lookup.Service) string { return r.Service }, func(t table.Writer) {
		t.AppendHeader(table.Row{"service", "version", "instances", "links", "methods"})
		for _, r := range rows {
			t.AppendRow(table.Row{r.Service, strings.Join(r.Versions, ", "), len(r.Instances), r.Links(), shortened(r.Methods, 60)})
		}
	})
}

// instanceRow is an instance as "helium ls math -o json" writes it.
type instanceRow struct {
	Service  string            `json:"service"`
	Instance string            `json:"instance"`
	Version  string            `json:"version"`
	Started  time.Time         `json:"started,omitzero"`
	Methods  []string          `json:"methods"`
	Direct   bool              `json:"direct"`            // it offers direct links
	Cluster  string            `json:"cluster,omitempty"` // that of its NATS server
	Metadata map[string]string `json:"metadata,omitempty"`
}

// links are those by which calls get there.
func (r *instanceRow) links() string {
	if r.Direct {
		return lookup.ByBus + ", " + lookup.ByDirectLink
	}
	return lookup.ByBus
}

func listInstances(env *cli.Env, records []binder.Record) error {
	rows := make([]instanceRow, len(records))
	for i, r := range records {
		rows[i] = instanceRow{Service: r.Service, Instance: r.Instance, Version: r.Version, Started: r.Started, Metadata: r.Metadata, Methods: []string{}, Direct: lookup.OffersDirect(&r), Cluster: r.Cluster}
		for _, m := range r.Methods {
			rows[i].Methods = append(rows[i].Methods, m.Name)
		}
	}
	return cli.ShowList(env.Output, rows, func(r instanceRow) string { return r.Instance }, func(t table.Writer) {
		t.AppendHeader(table.Row{"instance", "version", "up", "links", "methods", "metadata"})
		for _, r := range rows {
			t.AppendRow(table.Row{r.Instance, r.Version, since(r.Started), r.links(), shortened(r.Methods, 40), pairs(r.Metadata)})
		}
	})
}

// shortened joins as many words as a column of some characters holds.
func shortened(words []string, room int) string {
	text := ""
	for i, word := range words {
		if i > 0 {
			text += ", "
		}
		if len(text)+len(word) > room && i > 0 {
			return fmt.Sprintf("%s… %d more", text, len(words)-i)
		}
		text += word
	}
	return text
}

// since returns how long ago something began, as people say it.
func since(began time.Time) string {
	if began.IsZero() {
		return ""
	}
	switch d := time.Since(began); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

// pairs returns metadata as "a=1 b=2".
func pairs(metadata map[string]string) string {
	var words []string
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		words = append(words, key+"="+metadata[key])
	}
	return strings.Join(words, " ")
}
