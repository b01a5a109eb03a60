package wire

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/signature"
)

func TestTheProtocolsTableOfLimitsIsTheCodes(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "### Limits\n")
	if !found {
		t.Fatal("docs/protocol.md has no section of limits")
	}
	section, _, _ = strings.Cut(section, "\n### ")
	got := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \| ([\d,]+ ?[A-Za-z]*) \|`).FindAllStringSubmatch(section, -1) {
		got[row[1]] = strings.ReplaceAll(row[2], ",", "")
	}
	want := map[string]string{
		"names of services, methods and instances": fmt.Sprintf("%d bytes", MaxName),
		"calls of a message":                       fmt.Sprint(MaxCalls),
		"calls that a heartbeat names":             fmt.Sprint(MaxRunning),
		"entries of metadata":                      fmt.Sprint(MaxEntries),
		"entries of an error's details":            fmt.Sprint(MaxEntries),
		"the time left":                            fmt.Sprintf("%d days", MaxTime/(24*time.Hour)),
		"nesting of a value":                       fmt.Sprintf("%d levels", msgpack.MaxDepth),
		"an error's reason":                        fmt.Sprintf("%d bytes", MaxReason),
		"an error's message, its details together": fmt.Sprintf("%d KiB", MaxErrorText>>10),
		"the text of an error in a header":         fmt.Sprintf("%d bytes", MaxHeaderText),
	}
	for of, limit := range want {
		if got[of] != limit {
			t.Errorf("docs/protocol.md says of %s: %q, want %q", of, got[of], limit)
		}
	}
	if len(got) != len(want) {
		t.Errorf("docs/protocol.md has the limits %v, want %v", got, want)
	}
}

func TestNamesOfMethodsHaveOneLimit(t *testing.T) {
	if MaxName != signature.MaxName {
		t.Errorf("a subject takes names of %d bytes, a signature of %d; want the same", MaxName, signature.MaxName)
	}
}

func TestTheTimeLeftInAFrameIsRoundedUpAndBounded(t *testing.T) {
	const most = uint64(MaxTime / time.Millisecond)
	for left, want := range map[time.Duration]uint64{
		math.MinInt64: 0, -time.Second: 0, 0: 0, 1: 1, time.Millisecond: 1, time.Millisecond + 1: 2,
		MaxTime - 1: most, MaxTime: most, MaxTime + 1: most, math.MaxInt64 - time.Millisecond: most, math.MaxInt64: most,
	} {
		if got := Milliseconds(left); got != want {
			t.Errorf("%v is written as %d ms, want %d", left, got, want)
		}
	}
}
