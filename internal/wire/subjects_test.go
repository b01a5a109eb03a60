package wire

import "testing"

func TestOnlyInboxesAreAnswered(t *testing.T) {
	for subject, want := range map[string]bool{
		"_INBOX.abc.1":               true,
		"_INBOX.alice.abc.1":         true,
		"_INBOX_alice.abc.1":         false,
		"_R_.xyz.1":                  true,
		"":                           false,
		"_INBOX":                     false,
		"_INBOXES.abc":               false,
		"_inbox.abc":                 false,
		"_R_":                        false,
		"helium.binder.end.math":     false,
		"helium.call.math.add":       false,
		"$JS.API.STREAM.DELETE.KV_x": false,
		"$KV.helium_registry.math.i": false,
		"x._INBOX.abc":               false,
		"_INBOX.>":                   false,
		"_INBOX.*.1":                 false,
		"_R_.>":                      false,
	} {
		if got := AllowedReply(subject); got != want {
			t.Errorf("AllowedReply(%q) = %v, want %v", subject, got, want)
		}
	}
}
