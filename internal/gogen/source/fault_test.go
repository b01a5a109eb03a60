package source

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWhatAMessageRepeatsIsCutBetweenCharacters(t *testing.T) {
	for shift := range 4 {
		s := strings.Repeat("a", shift) + strings.Repeat("世", 60)
		got := Cut(s)
		if head, cut := strings.CutSuffix(got, "…"); !cut || !utf8.ValidString(got) || !strings.HasPrefix(s, head) || len(head) < 97 || len(head) > 100 {
			t.Errorf("shifted by %d: got %q, want its first 100 bytes up to a whole character", shift, got)
		}
	}
	for _, s := range []string{"", "short", strings.Repeat("a", 100)} {
		if got := Cut(s); got != s {
			t.Errorf("got %q, want %q", got, s)
		}
	}
}
