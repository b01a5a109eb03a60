package timetext_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/timetext"
)

func TestADurationIsReadExactlyOrNotAtAll(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "-0": 0, "+0": 0, "0s": 0, "1h30m": 90 * time.Minute, "-1.5ms": -1500 * time.Microsecond, "+2s": 2 * time.Second,
		"1.s": time.Second, ".5s": 500 * time.Millisecond, "1us2µs3μs4ns": 6004, "0.000000001s": 1, "0.0000000010000s": 1,
		"1.23456789012h": 4444444404432, "0.0000000000025h": 9, "9223372036854775807ns": math.MaxInt64,
		"-9223372036854775808ns": math.MinInt64, "2562047h47m16.854775807s": math.MaxInt64, "00000000000000000000000000001s": time.Second,
		"0.0000000000000000000000000000000000ns": 0,
	} {
		if got, err := timetext.Duration(text); err != nil || got != want {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]error{
		"": timetext.ErrSyntax, "+": timetext.ErrSyntax, "1": timetext.ErrSyntax, "s": timetext.ErrSyntax, ".s": timetext.ErrSyntax, "1h30": timetext.ErrSyntax,
		"1 h": timetext.ErrSyntax, "--1s": timetext.ErrSyntax, "1d": timetext.ErrSyntax, "1.2.3s": timetext.ErrSyntax, "99999999h1": timetext.ErrSyntax, "00": timetext.ErrSyntax,
		"0.5ns": timetext.ErrFiner, "1.0000000001s": timetext.ErrFiner, "0.0000001ms": timetext.ErrFiner, "0.3333333333333h": timetext.ErrFiner,
		"0.00000000000001h": timetext.ErrFiner, "1s0.1ns": timetext.ErrFiner, "0." + strings.Repeat("3", 1000) + "s": timetext.ErrFiner,
		"99999999h": timetext.ErrRange, "9223372036854775808ns": timetext.ErrRange, "-9223372036854775809ns": timetext.ErrRange,
		"2562047h47m16.854775808s": timetext.ErrRange, "1" + strings.Repeat("0", 1000) + "h": timetext.ErrRange,
		strings.Repeat("2562047h", 9): timetext.ErrRange, "18446744073709551615ns18446744073709551615ns": timetext.ErrRange,
	} {
		if got, err := timetext.Duration(text); err != want {
			t.Errorf("%.40q: got %d, %v; want %v", text, got, err, want)
		}
	}
}

func FuzzADurationIsReadAsPackageTimeReadsItButForWhatThatCuts(f *testing.F) {
	for _, text := range []string{"1h30m", "-1.5ms", ".5s", "0", "99999999h", "0.5ns", "1.23456789012h", "1us2µs3μs4ns", "1h30"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := timetext.Duration(text)
		theirs, wrong := time.ParseDuration(text)
		switch {
		case err == timetext.ErrSyntax || err == timetext.ErrRange:
			if wrong == nil {
				t.Errorf("%q: got %v, and package time reads %v", text, err, theirs)
			}
		case err == timetext.ErrFiner: // which is what that cuts
		case wrong != nil:
			t.Errorf("%q: got %v, and package time %v", text, got, wrong)
		case !strings.Contains(text, ".") && got != theirs:
			t.Errorf("%q: got %d, and package time reads %d", text, got, theirs)
		case (got - theirs).Abs() > time.Duration(strings.Count(text, ".")): // its floats are off by one at times
			t.Errorf("%q: got %d, and package time reads %d", text, got, theirs)
		}
	})
}

func TestATimeIsReadToTheNanosecondOrNotAtAll(t *testing.T) {
	for text, nanos := range map[string]int{
		"2006-01-02T15:04:05Z": 0, "2006-01-02T15:04:05.5Z": 5e8, "2006-01-02T15:04:05.123456789+01:00": 123456789,
		"2006-01-02T15:04:05.1234567890000Z": 123456789, "2006-01-02T15:04:05.00000000100Z": 1, "2006-01-02T15:04:05.1+00:00": 1e8,
	} {
		if got, err := timetext.Time(text); err != nil || got.Nanosecond() != nanos {
			t.Errorf("%q: got %v, %v; want %d nanoseconds", text, got, err, nanos)
		}
	}
	for text, want := range map[string]error{
		"2006-01-02T15:04:05.1234567891Z": timetext.ErrFiner, "2006-01-02T15:04:05.00000000000000000001Z": timetext.ErrFiner,
		"2006-01-02T15:04:05.1234567890001-07:00": timetext.ErrFiner, "2006-01-02T15:04:05,1234567891Z": timetext.ErrFiner,
		"yesterday": timetext.ErrSyntax, "": timetext.ErrSyntax, "2006-01-02T15:04:05": timetext.ErrSyntax, "2006-01-02": timetext.ErrSyntax,
	} {
		if got, err := timetext.Time(text); err != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}
