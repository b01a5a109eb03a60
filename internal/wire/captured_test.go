package wire

import "testing"

func TestAnAcknowledgementOfAStreamIsToldFromAnswers(t *testing.T) {
	for data, want := range map[string]string{
		`{"stream":"ALL","seq":7}`:                                 "ALL",
		`{"stream":"ALL","domain":"hub","seq":7,"duplicate":true}`: "ALL",
		`{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"},"stream":"ALL","seq":0}`: "ALL",
		`{"stream":"ALL"}`:                "",
		`{"seq":7}`:                       "",
		`{"stream":"","seq":7}`:           "",
		`{"stream":7,"seq":7}`:            "",
		`[{"stream":"ALL","seq":7}]`:      "",
		`{"stream":"ALL","seq":7`:         "",
		``:                                "",
		"\xc1\x01":                        "",
		`{"service":"math","records":[]}`: "",
		`{"lease_ms":30000}`:              "",
	} {
		if got := CapturedBy([]byte(data)); got != want {
			t.Errorf("CapturedBy(%.80s) = %q; want %q", data, got, want)
		}
	}
}
