package processors_test

import (
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/chaos/processors"
)

// allowed returns the processors on which a process may run that is started by a thread of its own, which enters before.
func allowed(t *testing.T, enter func() error) string {
	t.Helper()
	type result struct {
		list string
		err  error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := enter()
		var out []byte
		if err == nil {
			out, err = exec.Command("sh", "-c", "grep Cpus_allowed_list /proc/self/status").Output()
		}
		done <- result{strings.TrimSpace(strings.TrimPrefix(string(out), "Cpus_allowed_list:")), err}
	}()
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	return r.list
}

func TestAProcessOnTheLastProcessorSharesItWithNoneOfTheOthers(t *testing.T) {
	all := allowed(t, func() error { return nil })
	split, err := processors.New()
	if !strings.ContainsAny(all, ",-") {
		if err == nil {
			t.Errorf("of the processor %q got two parts, want an error", all)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	last, others := allowed(t, split.EnterLast), allowed(t, split.EnterOthers)
	if strings.ContainsAny(last, ",-") || !strings.HasSuffix(all, last) || others == all || strings.HasSuffix(others, last) {
		t.Errorf("of %q got %q and %q, want the last one and the others", all, last, others)
	}
	if got := allowed(t, func() error { return nil }); got != all {
		t.Errorf("this process may use %q afterwards, want %q", got, all)
	}
}
