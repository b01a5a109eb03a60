package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/chaos"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) {
	chaos.Main()
	os.Exit(leak.Run(m))
}

func TestTheCommandSaysHowItIsUsed(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"run", "-nonsense"}, {"run", "no such scenario"}, {"run", "-times", "0"}, {"run", "-short", "rolling restarts"}} {
		var out, errs strings.Builder
		if code := run(t.Context(), args, &out, &errs); code != 2 || errs.Len() == 0 {
			t.Errorf("%q: code %d, said %q; want 2 and a reason", args, code, &errs)
		}
	}
	var out, errs strings.Builder
	if code := run(t.Context(), []string{"list"}, &out, &errs); code != 0 || !strings.Contains(out.String(), "* server killed") || !strings.Contains(out.String(), "  rolling restarts") {
		t.Errorf("list: code %d, said %q", code, &out)
	}
}

func TestARunWritesItsVerdictForPeopleAndPrograms(t *testing.T) {
	folder := t.TempDir()
	keep, json, page := filepath.Join(folder, "kept", "here"), filepath.Join(folder, "found", "a.json"), filepath.Join(folder, "told", "a.md")
	var out, errs strings.Builder
	code := run(t.Context(), []string{"run", "-short", "-json", json, "-results", page, "-keep", keep, "2,000 registrations, 500 lookups/s"}, &out, &errs)
	if errs.Len() > 0 {
		t.Fatalf("code %d, it said %q", code, &errs)
	}
	for name, want := range map[string]string{json: `"Scenario": "2,000 registrations, 500 lookups/s"`, page: "\n## 2,000 registrations, 500 lookups/s\n"} {
		text, err := os.ReadFile(name)
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v, holds %q; want %q", name, err, text, want)
		}
	}
	if text, _ := os.ReadFile(page); !strings.Contains(string(text), "\n| lookups | ") || !strings.Contains(string(text), "\n| binder1 | ") {
		t.Errorf("the page lacks a row for each load or for each process: %q", text)
	}
	if ledgers, err := filepath.Glob(filepath.Join(keep, "*", "*"+ledger.Extension)); err != nil || len(ledgers) == 0 {
		t.Errorf("below %s are the ledgers %q, %v; want those of the run", keep, ledgers, err)
	}
}

func TestARunThatIsInterruptedEndsAtOnceAndFails(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs strings.Builder
	if code := run(ctx, []string{"run"}, &out, &errs); code != 1 || !strings.Contains(out.String(), "BROKEN") || strings.Count(out.String(), "BROKEN") != 1 {
		t.Errorf("code %d, said %q; want 1 and one run that is broken", code, &out)
	}
}
