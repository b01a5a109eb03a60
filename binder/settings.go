package binder

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
)

// The settings of a bucket that is there. Somebody else may have made it: another binder,
// with another opinion, or somebody by hand. What it was made with stands, so that two
// binders with two opinions don't change it to and fro, and what differs is told; only
// what a registry can't do without is added. The one opinion that is acted upon is that
// for more replicas, and as nobody lowers them, that can't go to and fro either.

// fit checks a bucket, and adds what it lacks.
func (b *bucket) fit(ctx context.Context, s jetstream.Stream) error {
	c := s.CachedInfo().Config
	if owner := c.Metadata[prefixKey]; owner != "" && owner != b.prefix {
		return helium.ConfigErrorf("binder", "the bucket %q holds the registry of prefix %q, so %q can't use it; choose another {Config.Prefix}", b.name, owner, b.prefix)
	}
	switch {
	case c.Sealed:
		return helium.ErrStoreRefused.WithMessage("%s", b.sealed())
	case c.Mirror != nil, !slices.Contains(c.Subjects, b.subject(">")):
		return helium.ErrStoreRefused.WithMessage("the stream %q takes no records: it has to have the subject %s, and be no mirror; delete it (nats stream rm %s), and a binder makes it anew", b.stream, b.subject(">"), b.stream)
	}
	if lacks := b.complete(&c); lacks != nil {
		what := strings.Join(lacks, ", ")
		if _, err := b.js.UpdateStream(ctx, c); err != nil {
			if verdictOn(err) == passing {
				return b.storeError(err)
			}
			return helium.ErrStoreRefused.WithMessage("the bucket %q can't get what a registry needs (%s): %w; delete it (nats kv del %s), the servers will register again", b.name, what, err, b.name)
		}
		b.config.Logger.Info("the registry's bucket got what it lacked", "bucket", b.name, "added", what, "lease", c.MaxAge)
	}
	if b.agreed {
		b.tellDifferences(c)
	}
	b.lease.Store(int64(c.MaxAge))
	return nil
}

// complete puts into a bucket's settings what a registry can't do without, and says what
// that was.
func (b *bucket) complete(c *jetstream.StreamConfig) (lacks []string) {
	if c.MaxAge <= 0 {
		lacks = append(lacks, "a lease")
		c.MaxAge = b.config.Lease
		c.Duplicates = min(b.config.Lease, 2*time.Minute)
	}
	if c.SubjectDeleteMarkerTTL <= 0 || !c.AllowMsgTTL {
		lacks = append(lacks, "limit markers")
		c.AllowMsgTTL, c.SubjectDeleteMarkerTTL = true, max(c.MaxAge.Round(time.Second), time.Second)
	}
	if c.MaxMsgsPerSubject != 1 {
		lacks = append(lacks, "one value a key")
		c.MaxMsgsPerSubject = 1
	}
	if c.Discard != jetstream.DiscardNew {
		// Else a bucket that is full drops its oldest records, and nobody is told.
		lacks = append(lacks, "refusing new records rather than dropping old ones")
		c.Discard = jetstream.DiscardNew
	}
	return lacks
}

// agree compares a bucket with what was asked for, once, as the binder starts: it raises
// the replicas if it has too few, and tells what else differs.
func (b *bucket) agree(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeBudget)
	defer cancel()
	ctx, stop := b.watchRefusals(ctx, b.isAPI)
	defer stop()
	s, err := b.js.Stream(ctx, b.stream)
	if err != nil {
		return b.storeError(because(ctx, err))
	}
	c := s.CachedInfo().Config
	if had := c.Replicas; b.asked.Replicas > had {
		c.Replicas = b.asked.Replicas
		if _, err := b.js.UpdateStream(ctx, c); err != nil {
			return b.storeError(because(ctx, err))
		}
		b.config.Logger.Warn("the registry's bucket is kept on more servers from now on, as this binder was asked to", "bucket", b.name, "replicas", c.Replicas, "before", had)
	}
	b.agreed = true
	b.tellDifferences(c)
	return nil
}

// tellDifferences logs what a bucket's settings have otherwise than was asked for, once as
// long as they stay the same.
func (b *bucket) tellDifferences(c jetstream.StreamConfig) {
	var told strings.Builder
	for _, d := range b.differences(c) {
		told.WriteString(d.what)
		if strings.Contains(b.told, d.what) {
			continue
		}
		b.config.Logger.Warn("the registry's bucket was made with other settings than this binder's, and they stand", "bucket", b.name, "differs", d.what, "next", d.next)
	}
	b.told = told.String()
}

// A difference is a setting that was asked for and that the bucket has otherwise.
type difference struct{ what, next string }

func (b *bucket) differences(c jetstream.StreamConfig) (all []difference) {
	again := func(field string) string {
		return fmt.Sprintf("give all binders the same %s, then delete the bucket while they run: nats kv del %s; servers register again by themselves", field, b.name)
	}
	if b.asked.Lease != 0 && c.MaxAge != b.asked.Lease {
		all = append(all, difference{fmt.Sprintf("its lease is %v, and Config.Lease is %v", c.MaxAge, b.asked.Lease), again("Config.Lease")})
	}
	if b.asked.Memory && c.Storage != jetstream.MemoryStorage {
		all = append(all, difference{"it is kept in files, and Config.Memory says in memory", again("Config.Memory")})
	}
	if b.asked.Replicas != 0 && c.Replicas > b.asked.Replicas {
		all = append(all, difference{
			fmt.Sprintf("it has %d replicas, and Config.Replicas is %d", c.Replicas, b.asked.Replicas),
			fmt.Sprintf("nats stream edit %s --replicas %d, once no binder is given more", b.stream, b.asked.Replicas),
		})
	}
	return all
}
