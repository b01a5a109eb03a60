//go:build unix

package node_test

import (
	"strings"
	"testing"

	"github.com/helium-rpc/helium/binder"
)

func TestNodeCallsToAFrozenServerFailAndOthersKeepAway(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, binder.Config{})
	parts := []string{startPart(t, n, ""), startPart(t, n, ""), startPart(t, n, "")}
	runTests(t, n, "test/frozen.mjs", "HELIUM_PARTS="+strings.Join(parts, " "))
}

func TestNodeCallsKeepAwayFromAServerWhoseDirectLinkIsSilent(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, binder.Config{})
	parts := []string{startPart(t, n, "127.0.0.1:0"), startPart(t, n, "")}
	runTests(t, n, "test/frozenlink.mjs", "HELIUM_PARTS="+strings.Join(parts, " "))
}
