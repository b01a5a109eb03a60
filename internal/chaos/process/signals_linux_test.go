package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// state returns the state of a process as the kernel has it, "" if it is gone.
func state(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return rest[:1]
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for giveUp := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(giveUp) {
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

func TestAFrozenChildStandsStillUntilItIsThawed(t *testing.T) {
	child, pid := start(t, patience)
	if err := child.Freeze(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a stopped process", func() bool { return state(pid) == "T" })
	answered := make(chan error, 1)
	go func() { answered <- child.Ask(context.Background(), "hello", nil) }()
	if err := child.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Errorf("got %v, want an answer once it is thawed", err)
	}
}

func TestAFrozenChildDiesWithItsParent(t *testing.T) {
	child, _ := start(t, patience)
	var grandchild int
	if err := child.Ask(context.Background(), "have a frozen child", &grandchild); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a stopped process", func() bool { return state(grandchild) == "T" })
	child.Kill()
	eventually(t, "the end of the frozen grandchild", func() bool {
		return errors.Is(syscall.Kill(grandchild, 0), syscall.ESRCH) || state(grandchild) == "Z"
	})
}

func TestTheTimeOfAProcessorIsReadFromOutside(t *testing.T) {
	child, _ := start(t, patience)
	if _, err := child.CPU(); err != nil {
		t.Error(err)
	}
	child.Kill()
	if used, err := child.CPU(); err == nil {
		t.Errorf("a child that is gone used %v, want an error", used)
	}
}
