package binder

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
)

func TestAServiceHasSoManyInstancesAndOthersHaveTheirs(t *testing.T) {
	t.Parallel()
	var log lines
	_, _, c := world(t, Config{MaxInstances: 3, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	register(t, c, record("math", "i1", "add"), record("math", "i2", "add"), record("math", "i3", "add"))
	refused := func(r Record, says ...string) {
		t.Helper()
		err := refusedForCertain(t, func(int) error { _, err := c.Register(testContext(t), r); return err })
		if !errors.Is(err, helium.ErrTooManyInstances) {
			t.Errorf("registering %v: %v, want %v", r, err, helium.ErrTooManyInstances)
			return
		}
		for _, part := range says {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("registering %v: %q, want %q in it", r, err, part)
			}
		}
	}
	for range 5 {
		refused(record("math", "i4", "add"), "3 instances", "binder.Config.MaxInstances", "shut down")
	}
	register(t, c, record("math", "i3", "add", "sub"), record("stats", "i1", "sum"))
	if _, err := c.Renew(testContext(t), "math", "i1"); err != nil {
		t.Errorf("a renewal of one that is there: %v", err)
	}
	if err := c.End(testContext(t), "math", "i2"); err != nil {
		t.Fatal(err)
	}
	register(t, c, record("math", "i4", "add"))
	refused(record("math", "i2", "add"), "3 instances")
	if got := log.count("a registration was refused"); got != 1 {
		t.Errorf("the log tells %d times that a registration was refused, want once a minute", got)
	}
}

func TestTheRecordsOfAServiceAreSoLongTogether(t *testing.T) {
	t.Parallel()
	_, _, c := world(t, Config{MaxInstances: 2})
	long := func(instance string, bytes int) Record {
		r := record("math", instance, "add")
		r.Doc = strings.Repeat("x", bytes)
		return r
	}
	register(t, c, long("i1", 15<<10))
	_, err := c.Register(testContext(t), long("i2", 3<<10))
	if !errors.Is(err, helium.ErrTooManyInstances) || !strings.Contains(err.Error(), "shorten docs") {
		t.Errorf("a second record that is too long beside the first: %v, want %v, and to shorten docs", err, helium.ErrTooManyInstances)
	}
	if _, err := c.Register(testContext(t), long("i1", 17<<10)); !errors.Is(err, helium.ErrTooManyInstances) {
		t.Errorf("a record that becomes too long: %v, want %v", err, helium.ErrTooManyInstances)
	}
	register(t, c, long("i1", 12<<10), long("i2", 3<<10))
}
