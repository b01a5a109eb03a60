package lookup

import (
	"context"
	"fmt"
	"slices"

	"github.com/helium-rpc/helium/binder"
)

// Entry is binder.Client.Lookup with all records, also where they don't fit one message.
func Entry(ctx context.Context, reg *binder.Client, name string) (*binder.Entry, error) {
	entry, err := reg.Lookup(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := AddOmitted(ctx, reg, entry); err != nil {
		return nil, err
	}
	return entry, nil
}

// AddOmitted gives an entry the records that its message had no room for.
func AddOmitted(ctx context.Context, reg *binder.Client, entry *binder.Entry) error {
	if entry.Omitted == 0 {
		return nil
	}
	records, err := reg.List(ctx)
	if err != nil {
		return fmt.Errorf("%d of the instances of %s don't fit the answer to a lookup, and can't be listed: %w", entry.Omitted, entry.Service, err)
	}
	records = slices.DeleteFunc(records, func(r binder.Record) bool {
		has := func(m binder.Method) bool { return m.Name == entry.Method }
		return r.Service != entry.Service || entry.Method != "" && !slices.ContainsFunc(r.Methods, has)
	})
	if len(records) > 0 { // else all have gone meanwhile, and what was found says more
		entry.Records = records
	}
	entry.Omitted = 0
	return nil
}
