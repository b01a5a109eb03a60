package amount_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
)

func TestThingsAreOneOrMany(t *testing.T) {
	for want, got := range map[string]string{
		"1 address": amount.Of(1, "address"), "3 addresses": amount.Of(3, "address"), "0 keys": amount.Of(0, "key"), "2 days": amount.Of(2, "day"),
		"1 reply": amount.Of(1, "reply"), "2 replies": amount.Of(2, "reply"), "2 boxes": amount.Of(2, "box"), "2 matches": amount.Of(2, "match"),
		"1 of 1 instance": amount.OfAll(1, 1, "instance"), "1 of 2 instances": amount.OfAll(1, 2, "instance"), "0 of 0 calls": amount.OfAll(0, 0, "call"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTimesHaveTheDigitsThatMatterAndNoUnitsOfNothing(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 891: "891ns", 123_456: "123µs", 999_999: "1ms", 1_234_567: "1.23ms", 1_234_567_890: "1.23s", time.Minute: "1m", 90 * time.Second: "1m30s", time.Hour: "1h", 61 * time.Minute: "1h1m",
		720 * time.Hour: "720h", 2*time.Hour + 3*time.Minute + 4*time.Second + 5: "2h3m4s", 10 * time.Second: "10s", 3 * time.Hour / 2: "1h30m", -1_234_567: "-1.23ms",
	} {
		if got := amount.Time(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestNumbersAreRoundedAndNeverHaveAnExponent(t *testing.T) {
	for want, got := range map[string]string{
		"0ms": amount.Milliseconds(0), "999ms": amount.Milliseconds(999.4), "1000ms": amount.Milliseconds(999.6), "1001ms": amount.Milliseconds(1000.6), "0.0123ms": amount.Milliseconds(0.0123), "2.51ms": amount.Milliseconds(2.514), "10000000ms": amount.Milliseconds(1e7),
		"100%": amount.Share(1), "0%": amount.Share(0), "above 99.99%": amount.Share(0.999999), "99.99%": amount.Share(0.99992), "0.1%": amount.Share(0.001), "33.33%": amount.Share(1.0 / 3), "below 0.0001%": amount.Share(1e-9),
		"10000000": amount.Number(1e7), "0.001": amount.Number(0.001), "12.35": amount.Number(12.345678), "123": amount.Number(123.4),
		"0": amount.Rate(0), "0.4": amount.Rate(0.42), "0.042": amount.Rate(0.0421), "10": amount.Rate(9.96), "9.9": amount.Rate(9.94), "123352": amount.Rate(123352.4), "<0.001": amount.Rate(1e-5),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for exp := -9.0; exp < 15; exp += 0.37 {
		v := math.Pow(10, exp)
		for _, text := range []string{amount.Milliseconds(v), amount.Number(v), amount.Rate(v), amount.Share(min(v, 1))} {
			if strings.Contains(text, "e+") || strings.Contains(text, "e-") {
				t.Errorf("%v: got %q, want no exponent", v, text)
			}
		}
	}
}
