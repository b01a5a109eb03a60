package store

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

// An agreement is between a bucket that is there and what a binder asks for.
type agreement struct {
	js       jetstream.JetStream
	names    names
	settings Settings
	failures *failures

	// reached is true once the bucket was compared with what was asked for, and told is what
	// was said of that: by who opens it first, then by who follows it.
	reached bool
	told    string
}

// fit checks a bucket, adds what it lacks, and returns its lease.
func (a *agreement) fit(ctx context.Context, s jetstream.Stream) (lease time.Duration, err error) {
	c := s.CachedInfo().Config
	if owner := c.Metadata[prefixKey]; owner != "" && owner != a.names.prefix {
		return 0, helium.ConfigErrorf("binder", "the bucket %q holds the registry of prefix %q, so %q can't use it; choose another {Config.Prefix}", a.names.bucket, owner, a.names.prefix)
	}
	switch {
	case c.Sealed:
		return 0, helium.ErrStoreRefused.WithMessage("%s", a.failures.sealed())
	case c.Mirror != nil, !slices.Contains(c.Subjects, a.names.subject(">")):
		return 0, helium.ErrStoreRefused.WithMessage("the stream %q takes no records: it has to have the subject %s, and be no mirror; delete it (nats stream rm %s), and a binder makes it anew", a.names.stream, a.names.subject(">"), a.names.stream)
	}
	if lacks := a.complete(&c); lacks != nil {
		what := strings.Join(lacks, ", ")
		if _, err := a.js.UpdateStream(ctx, c); err != nil {
			if verdictOn(err) == passing {
				return 0, a.failures.of(err)
			}
			return 0, helium.ErrStoreRefused.WithMessage("the bucket %q can't get what a registry needs (%s): %w; delete it (nats kv del %s), the servers will register again", a.names.bucket, what, err, a.names.bucket)
		}
		a.settings.Logger.Info("the registry's bucket got what it lacked", "bucket", a.names.bucket, "added", what, "lease", c.MaxAge)
	}
	if a.reached {
		a.tellDifferences(c)
	}
	return c.MaxAge, nil
}

// complete puts into a bucket's settings what a registry can't do without, and says what
// that was.
func (a *agreement) complete(c *jetstream.StreamConfig) (lacks []string) {
	if c.MaxAge <= 0 {
		lacks = append(lacks, "a lease")
		c.MaxAge = a.settings.Lease
		c.Duplicates = min(a.settings.Lease, 2*time.Minute)
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

// reach compares a bucket with what was asked for, once, as the binder starts: it raises
// the replicas if it has too few, and tells what else differs.
func (a *agreement) reach(ctx context.Context) error {
	s, err := a.js.Stream(ctx, a.names.stream)
	if err != nil {
		return err
	}
	c := s.CachedInfo().Config
	if had := c.Replicas; a.settings.Asked.Replicas > had {
		c.Replicas = a.settings.Asked.Replicas
		if _, err := a.js.UpdateStream(ctx, c); err != nil {
			return err
		}
		a.settings.Logger.Warn("the registry's bucket is kept on more servers from now on, as this binder was asked to", "bucket", a.names.bucket, "replicas", c.Replicas, "before", had)
	}
	a.reached = true
	a.tellDifferences(c)
	return nil
}

// tellDifferences logs what a bucket's settings have otherwise than was asked for, once as
// long as they stay the same.
func (a *agreement) tellDifferences(c jetstream.StreamConfig) {
	var told strings.Builder
	for _, d := range a.differences(c) {
		told.WriteString(d.what)
		if strings.Contains(a.told, d.what) {
			continue
		}
		a.settings.Logger.Warn("the registry's bucket was made with other settings than this binder's, and they stand", "bucket", a.names.bucket, "differs", d.what, "next", d.next)
	}
	a.told = told.String()
}

// A difference is a setting that was asked for and that the bucket has otherwise.
type difference struct{ what, next string }

func (a *agreement) differences(c jetstream.StreamConfig) (all []difference) {
	again := func(field string) string {
		return fmt.Sprintf("give all binders the same %s, then delete the bucket while they run: nats kv del %s; servers register again by themselves", field, a.names.bucket)
	}
	if a.settings.Asked.Lease != 0 && c.MaxAge != a.settings.Asked.Lease {
		all = append(all, difference{fmt.Sprintf("its lease is %v, and Config.Lease is %v", c.MaxAge, a.settings.Asked.Lease), again("Config.Lease")})
	}
	if a.settings.Asked.Memory && c.Storage != jetstream.MemoryStorage {
		all = append(all, difference{"it is kept in files, and Config.Memory says in memory", again("Config.Memory")})
	}
	if a.settings.Asked.Replicas != 0 && c.Replicas > a.settings.Asked.Replicas {
		all = append(all, difference{
			fmt.Sprintf("it has %d replicas, and Config.Replicas is %d", c.Replicas, a.settings.Asked.Replicas),
			fmt.Sprintf("nats stream edit %s --replicas %d, once no binder is given more", a.names.stream, a.settings.Asked.Replicas),
		})
	}
	return all
}
