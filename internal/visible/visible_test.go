package visible_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/helium-rpc/helium/internal/visible"
)

func TestWhatATerminalActsUponIsShown(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"plain, Grüße, 漢字, e\u0301, 🙂", "plain, Grüße, 漢字, e\u0301, 🙂"},
		{"a b\u00a0c\u3000d", "a b\u00a0c\u3000d"},
		{"\x1b[2J\x1b]0;title\x07", `\x1b[2J\x1b]0;title\x07`},
		{"\u009b31m \u0085 \u009d", `\u009b31m \u0085 \u009d`},
		{"\x7f\x00\b\v\f", `\x7f\x00\x08\x0b\x0c`},
		{"over\rwritten", `over\rwritten`},
		{"abc\u202ecba \u2066x\u2069 \u200e\u200f\u061c", `abc\u202ecba \u2066x\u2069 \u200e\u200f\u061c`},
		{"zero\u200bwidth\u200d\u200c\u2060\ufeff", `zero\u200bwidth\u200d\u200c\u2060\ufeff`},
		{"soft\u00adhyphen", `soft\u00adhyphen`},
		{"\u2028\u2029", `\u2028\u2029`},
		{"tag \U000e0041\U000e007f", `tag \U000e0041\U000e007f`},
		{"\ufe0f \U000e0101 \u180b \u034f \u115f \u3164 \uffa0", `\ufe0f \U000e0101 \u180b \u034f \u115f \u3164 \uffa0`},
		{"\ufffe \U0010ffff", `\ufffe \U0010ffff`},
		{"bad \xff\xc3(\xe2\x80", `bad \xff\xc3(\xe2\x80`},
		{"a surrogate \xed\xa0\x80", `a surrogate \xed\xa0\x80`},
		{"overlong \xc0\xaf and ESC \xc0\x9b", `overlong \xc0\xaf and ESC \xc0\x9b`},
		{"the real \ufffd", "the real \ufffd"},
	} {
		if got := visible.Text(test.text); got != test.want {
			t.Errorf("Text(%q): got %s, want %s", test.text, got, test.want)
		}
		if got := visible.Line(test.text); got != test.want {
			t.Errorf("Line(%q): got %s, want %s", test.text, got, test.want)
		}
	}
}

func TestALineStaysOne(t *testing.T) {
	const text = "a\nb\tc\r\nd"
	if got, want := visible.Line(text), `a\nb\tc\r\nd`; got != want {
		t.Errorf("Line: got %q, want %q", got, want)
	}
	if got, want := visible.Text(text), "a\nb\tc\\r\nd"; got != want {
		t.Errorf("Text: got %q, want %q", got, want)
	}
}

// every is text with each character that there is, and bytes that are none.
func every() string {
	var b strings.Builder
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if utf8.ValidRune(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func TestAJSONDocumentKeepsItsValues(t *testing.T) {
	want := every()
	document, err := json.MarshalIndent(map[string]string{want: want}, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	shown := visible.JSON(document)
	var got map[string]string
	if err := json.Unmarshal(shown, &got); err != nil {
		t.Fatal(err)
	}
	if got[want] != want {
		t.Error("got another value than was there before")
	}
	for _, r := range string(shown) {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Bidi_Control, unicode.Zl, unicode.Zp)) {
			t.Fatalf("got %U in the document, want it escaped", r)
		}
	}
	if got, want := string(visible.JSON([]byte("{\r\n\t\"a\": \"\u009b\x7f\U000e0041\"}"))), "{\r\n\t\"a\": \""+`\u009b\u007f\udb40\udc41`+"\"}"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatIsShownIsNeverChangedAgain(t *testing.T) {
	text := every() + "\xff\xc3\x28\xed\xa0\x80"
	for name, show := range map[string]func(string) string{
		"Text": visible.Text, "Line": visible.Line,
		"JSON": func(s string) string { return string(visible.JSON([]byte(s))) },
	} {
		once := show(text)
		if again := show(once); again != once {
			t.Errorf("%s of what %s returned is another text", name, name)
		}
		if !utf8.ValidString(once) {
			t.Errorf("%s returned bytes that aren't UTF-8", name)
		}
	}
}

func FuzzNothingHiddenPasses(f *testing.F) {
	f.Add("\x1b[0m\u202e\xff\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range visible.Line(text) {
			if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Bidi_Control) {
				t.Errorf("Line(%q) has %U", text, r)
			}
		}
	})
}
