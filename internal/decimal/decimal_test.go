package decimal_test

import (
	"testing"

	"github.com/helium-rpc/helium/internal/decimal"
)

func TestOneNumberIsReadTheSameHoweverItIsWritten(t *testing.T) {
	for _, c := range []struct {
		want     decimal.Number
		literals []string
	}{
		{decimal.Number{Digits: "12"}, []string{"12", "12.0", "1.2e1", "120e-1", "0.12E+2"}},
		{decimal.Number{Digits: "12", Exponent: 3, Negative: true}, []string{"-12000", "-1.2e4"}},
		{decimal.Number{}, []string{"0", "0.000", "0e99999999999999999999"}},
		{decimal.Number{Digits: "1", Exponent: 1 << 30}, []string{"1e99999999999999999999"}},
	} {
		for _, literal := range c.literals {
			if got := decimal.Parse(literal); got != c.want {
				t.Errorf("Parse(%s) = %+v, want %+v", literal, got, c.want)
			}
		}
	}
}

func TestOnlyWhatJSONHasAsANumberIsOne(t *testing.T) {
	for _, text := range []string{"0", "-0", "12", "1.5", "1e9", "-1E-9"} {
		if !decimal.IsNumber(text) {
			t.Errorf("IsNumber(%q) = false, want true", text)
		}
	}
	for _, text := range []string{"", " 1", "1 ", "1\n", "+1", "01", ".5", "5.", "1e", "NaN", "true", "\"1\"", "[1]", "1,2"} {
		if decimal.IsNumber(text) {
			t.Errorf("IsNumber(%q) = true, want false", text)
		}
	}
}
