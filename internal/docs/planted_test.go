package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/docs"
)

const planted = "example.org/planted"

// sound is a small module, whose documentation names nothing that isn't there.
var sound = map[string]string{
	"go.mod":    "module " + planted + "\n",
	"README.md": "# Planted\n\n## What `it` says\n\nSee [the guide](docs/guide.md#the-first-step), [here](#what-it-says), [there](https://example.org).\n",
	"docs/guide.md": "# The guide\n\n## The first step\n\nRun `go run ./cmd/tool`, read `wire/frame.go`, `frame.go` or `wire/f*.go`, [the README](../README.md),\n" +
		"`TestFrames`, `wire.Frame` and `wire.limit`. Not ours: `nats.go`, `nats request math.add`, `application/json`, `and/or`.\n\n" +
		"```\ngo run ./cmd/tool\n./made/by/you.go\nf := wire.Frame{Kind: 1}\n```\n",
	"CHANGELOG.md":       "- `wire/gone.go` and wire.Gone are gone.\n",
	"cmd/tool/main.go":   "// Tool is described in docs/guide.md.\npackage main\n\nfunc main() {}\n",
	"wire/frame.go":      "// Package wire has frames: [Frame], [*Frame.Kind] and [errors.Is]; see docs/guide.md,\n// [" + planted + "/cmd/tool] and reader.go.\n//\n//\tf := [Other]wire.Frame{} // made.go\npackage wire\n\nimport _ \"errors\"\n\n// Frame is tested by TestFrames.\ntype Frame struct{ Kind int }\n",
	"wire/reader.go":     "package wire\n\n// a list, [1, 2] or [a-z], is no link.\nconst limit = 1\n",
	"wire/frame_test.go": "package wire\n\nfunc TestFrames(t *testing.T) {}\n",
}

// faultsWith returns the faults of the sound module with a text replaced in a file.
func faultsWith(t *testing.T, file, old, replacement string) (faults []string) {
	t.Helper()
	root := t.TempDir()
	for name, text := range sound {
		if name == file {
			if !strings.Contains(text, old) {
				t.Fatalf("%s doesn't contain %q", name, old)
			}
			text = strings.ReplaceAll(text, old, replacement)
		}
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found, err := docs.Check(root, planted, "nats.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		faults = append(faults, f.File+": "+f.What)
	}
	return faults
}

func TestSoundDocumentationHasNoFaults(t *testing.T) {
	if got := faultsWith(t, "go.mod", "", ""); len(got) > 0 {
		t.Errorf("faults %q, want none", got)
	}
}

func TestPlantedFaultsAreFound(t *testing.T) {
	for _, c := range []struct{ file, old, replacement, want string }{
		{"README.md", "docs/guide.md", "docs/gone.md", "the link leads to docs/gone.md#the-first-step, which isn't there"},
		{"README.md", "#the-first", "#the-last", "guide.md has no such heading"},
		{"README.md", "#what-it-says", "#what-it-said", "README.md has no such heading"},
		{"CHANGELOG.md", "gone.\n", "[gone](gone.md).\n", "the link leads to gone.md"},
		{"docs/guide.md", "`wire/frame.go`", "`wire/gone.go`", "there is no wire/gone.go"},
		{"docs/guide.md", "`frame.go`", "`gone.go`", "there is no file gone.go"},
		{"docs/guide.md", "wire/f*.go", "wire/g*.go", "there is no wire/g*.go"},
		{"docs/guide.md", "`go run ./cmd/tool`", "`go run ./cmd/gone`", "there is no cmd/gone"},
		{"docs/guide.md", "\ngo run ./cmd/tool", "\ngo run ./cmd/gone", "there is no cmd/gone"},
		{"docs/guide.md", "`TestFrames`", "`TestGone`", "there is no test TestGone"},
		{"docs/guide.md", "`wire.Frame`", "`wire.Gone`", "there is no wire.Gone"},
		{"docs/guide.md", "`wire.Frame`", "`wire.Frame.Gone`", "there is no wire.Frame.Gone"},
		{"docs/guide.md", "`wire.limit`", "`wire.gone`", "there is no wire.gone"},
		{"docs/guide.md", "f := wire.Frame{", "f := wire.Gone{", "there is no wire.Gone"},
		{"cmd/tool/main.go", "docs/guide.md", "docs/gone.md", "there is no docs/gone.md"},
		{"wire/frame.go", "reader.go", "gone.go", "there is no file gone.go"},
		{"wire/frame.go", "[Frame]", "[Gone]", "the link leads to Gone"},
		{"wire/frame.go", "[*Frame.Kind]", "[Frame.Gone]", "the link leads to Frame.Gone"},
		{"wire/frame.go", "[errors.Is]", "[errors.Gone]", "the link leads to errors.Gone"},
		{"wire/frame.go", planted + "/cmd/tool]", planted + "/cmd/gone]", "the link leads to package " + planted + "/cmd/gone"},
		{"wire/frame.go", "TestFrames", "TestGone", "there is no test TestGone"},
		{"cmd/tool/main.go", "Tool is", "[wire.Frame] is", "the link to wire needs its whole path"},
		{"cmd/tool/main.go", "Tool is", "wire.Gone is", "there is no wire.Gone"},
	} {
		got := faultsWith(t, c.file, c.old, c.replacement)
		if len(got) != 1 || !strings.HasPrefix(got[0], c.file) || !strings.Contains(got[0], c.want) {
			t.Errorf("%s instead of %s in %s: faults %q, want one in it with %q", c.replacement, c.old, c.file, got, c.want)
		}
	}
}
