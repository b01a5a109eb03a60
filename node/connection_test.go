package node_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestAClientTakesConnectionsOfNATSsPackagesAsTypesGo compiles the program that docs/schema.md shows against the types
// of the packages that it imports: the other tests hand over connections whose type nobody has checked.
func TestAClientTakesConnectionsOfNATSsPackagesAsTypesGo(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/schema.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?s)\n```ts\n(.*?)```\n").FindSubmatch(page)
	if shown == nil {
		t.Fatal("docs/schema.md shows no program in TypeScript")
	}
	math, err := os.ReadFile("../schema/testdata/math.ts")
	if err != nil {
		t.Fatal(err)
	}
	streams, err := os.ReadFile("../schema/testdata/streams.ts")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, text := range map[string]string{
		"package.json": `{"type": "module"}`,
		"math.ts":      string(math),
		"streams.ts":   string(streams),
		"shown.ts":     string(shown[1]),
		"headers.ts": `import { headers, wsconnect } from "@nats-io/nats-core";
import { MathClient } from "./math.js";
import { FlowsClient } from "./streams.js";

const nc = await wsconnect({ servers: "ws://localhost:8080" });
void [new MathClient(nc, { headers }), new FlowsClient(nc, { headers })];
`,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	compile := node(t, nil, absolute(t, "node_modules/typescript/bin/tsc"), "--strict", "--exactOptionalPropertyTypes",
		"--skipLibCheck", "--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext", "--noEmit", "shown.ts", "headers.ts")
	compile.Dir = folder
	// node has installed the packages by now.
	if err := os.Symlink(absolute(t, "node_modules"), filepath.Join(folder, "node_modules")); err != nil {
		t.Fatal(err)
	}
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("tsc: %v\n%s", err, out)
	}
}
