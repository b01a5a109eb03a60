package codec_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/helium-rpc/helium/codec"
)

func TestAPathIsCutBetweenCharacters(t *testing.T) {
	for shift := range 4 {
		name := strings.Repeat("a", shift) + strings.Repeat("世", 30)
		var v any = make(chan int)
		for range 6 {
			v = map[string]any{name: v}
		}
		_, err := appendValue(nil, v)
		e, ok := err.(*codec.ValueError)
		if !ok || !utf8.ValidString(e.Path) || len(e.Path) > 210 || !strings.HasSuffix(e.Path, "…") || strings.Contains(e.Path, `\x`) || !strings.Contains(e.Path, `世…"]`) {
			t.Errorf("shifted by %d: got %v, want a path of whole characters, cut", shift, err)
		}
	}
}

type deepNames struct {
	Wide *deepNames `msgpack:"世世世世世世世世世世"`
	End  chan int   `msgpack:",omitempty"`
}

func TestAPathOfFieldsIsCutBetweenCharacters(t *testing.T) {
	v := &deepNames{End: make(chan int)}
	for range 20 {
		v = &deepNames{Wide: v}
	}
	_, err := appendValue(nil, v)
	if e, ok := err.(*codec.ValueError); !ok || !utf8.ValidString(e.Path) || !strings.HasSuffix(e.Path, "世…") {
		t.Errorf("got %v, want a path of whole characters, cut", err)
	}
}
