package expr_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/helium-rpc/helium/examples/internal/expr"
	"github.com/helium-rpc/helium/mathsvc"
)

func TestExpressionsHaveTheValueThatSchoolTeaches(t *testing.T) {
	for text, want := range map[string]float64{
		"7":                    7,
		"  7  ":                7,
		"1 + 2 * 3":            7,
		"(1 + 2) * 3":          9,
		"10 - 4 - 3":           3,
		"100 / 5 / 2":          10,
		"2 * (3 - 0.5) / 4":    1.25,
		"-7 / 2":               -3.5,
		"-(1 + 2)":             -3,
		"2 - -3":               5,
		"- -3":                 3,
		"2 * -3":               -6,
		"1e3 + 1.5e-1":         1000.15,
		".5 + 1.":              1.5,
		"1_000 + 0.2_5":        1000.25,
		"0xff":                 255,
		"0b101 + 0o17":         20,
		"0":                    0,
		"01.5":                 1.5,
		"0x1p-2":               0.25,
		"99999999999999999999": 1e20,
		"((((1))))":            1,
	} {
		tree, err := expr.Parse(text)
		if err != nil {
			t.Errorf("Parse(%q): got error %q, want none", text, err)
			continue
		}
		got, err := tree.Eval(t.Context(), mathsvc.New())
		if err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestASyntaxErrorNamesTheColumnAndWhatIsWrongThere(t *testing.T) {
	huge := "1" + strings.Repeat("0", 400)
	for _, c := range []struct {
		text   string
		column int
		part   string
	}{
		{"", 1, "nothing to evaluate"},
		{"   ", 1, "nothing to evaluate"},
		{"1 +", 4, "something is missing"},
		{"1 + (2 * 3", 11, "something is missing"},
		{"()", 2, "unexpected ')'"},
		{"2 2", 3, "unexpected 2"},
		{"1 + 2)", 6, "unexpected ')'"},
		{"2--3", 2, "two minus signs"},
		{"--3", 1, "two minus signs"},
		{"1,2", 2, "unexpected ','"},
		{"2 + x", 5, `x is no number`},
		{"2 + é", 5, `é is no number`},
		{"é + x", 1, `é is no number`},
		{"(1 + 2) * sin(3)", 11, `sin is no number`},
		{"1 % 3", 3, "no operator %"},
		{"3 == 4", 3, "no operator =="},
		{"2 ^ 3", 3, "no operator ^"},
		{"1 + +3", 5, "no operator +"},
		{"!1", 1, "unexpected '!'"},
		{"7 // 2", 3, "no operator //"},
		{"7 /* half */ / 2", 3, "no operator /*"},
		{`"a" + 1`, 1, `"a" is no number`},
		{"'a'", 1, "'a' is no number"},
		{"2i", 1, "2i is no number"},
		{"$", 1, "illegal character"},
		{"1 + 010", 5, "010 begins with 0"},
		{"1e400", 1, "1e400 is too large"},
		{"1e99999999999", 1, "is too large"},
		{huge, 1, "is too large"},
		{"1 + func() {}", 5, "func is no number"},
		{"2(3)", 1, `"2(3)" is no number`},
		{"1; 2", 2, "unexpected ';'"},
		{"08", 2, "invalid digit"},
		{"1 + \xff", 5, "illegal character"},
		{strings.Repeat("(", 5000), 1, "5000 bytes are too many"},
		{strings.Repeat("€", 5000), 1, "15000 bytes are too many"},
	} {
		tree, err := expr.Parse(c.text)
		syntax, ok := errors.AsType[*expr.SyntaxError](err)
		if !ok {
			t.Errorf("Parse(%.40q): got %v, %v, want a SyntaxError", c.text, tree, err)
			continue
		}
		if syntax.Column != c.column || !strings.Contains(syntax.Message, c.part) {
			t.Errorf("Parse(%.40q): got column %d, %q, want column %d and %q", c.text, syntax.Column, syntax.Message, c.column, c.part)
		}
		if want := fmt.Sprintf("column %d: ", c.column); !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%.40q): got error %q, want %q in it", c.text, err, want)
		}
		if !utf8.ValidString(err.Error()) {
			t.Errorf("Parse(%.40q): got error %q, want valid UTF-8", c.text, err)
		}
	}
}

func FuzzAnyTextIsEvaluatedOrRefusedAtAColumn(f *testing.F) {
	for _, seed := range []string{"1 + 2 * (3 - 4) / -5", "x", "1 +", "0x_1p-2", "é // 2", "((", "1e309", "f(a)[1:2]{}", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tree, err := expr.Parse(text)
		if err == nil {
			_, err := tree.Eval(context.Background(), mathsvc.New())
			if err != nil && !errors.Is(err, mathsvc.ErrDivisionByZero) {
				t.Errorf("%q: got error %v, want a value or a division by zero", text, err)
			}
			return
		}
		syntax, ok := errors.AsType[*expr.SyntaxError](err)
		if !ok {
			t.Fatalf("Parse(%q): got error %T, want a SyntaxError", text, err)
		}
		if limit := utf8.RuneCountInString(syntax.Text) + 1; syntax.Column < 1 || syntax.Column > limit {
			t.Errorf("Parse(%q): got column %d, want 1 to %d", text, syntax.Column, limit)
		}
	})
}
