package helium_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
)

func TestAConfigErrorSpeaksOfFieldsOrOfWhatTheyAreCalledElsewhere(t *testing.T) {
	flag := func(field string) string { return "--" + strings.ToLower(field) + "%d" }
	for _, c := range []struct {
		err                 *helium.ConfigError
		field, text, asFlag string
	}{
		{helium.ConfigErrorf("rpcserver", "{Config.Timeout} is %d; set more", -1), "Timeout", "rpcserver: Config.Timeout is -1; set more", "--timeout%d is -1; set more"},
		{helium.ConfigErrorf("broker", "%q is taken; set {Listen}, or {Config.Dir}", "{Dir}"), "Listen", `broker: "{Dir}" is taken; set Listen, or Config.Dir`, `"{Dir}" is taken; set --listen%d, or --dir%d`},
		{helium.NewConfigError("bus", "100 % of {User}"), "User", "bus: 100 % of User", "100 % of --user%d"},
	} {
		if c.err.Field != c.field || c.err.Error() != c.text || c.err.Text(flag) != c.asFlag {
			t.Errorf("got field %q, %q and %q, want %q, %q and %q", c.err.Field, c.err, c.err.Text(flag), c.field, c.text, c.asFlag)
		}
		if c.err.Unwrap() != nil {
			t.Errorf("%v: got the cause %v, want none", c.err, c.err.Unwrap())
		}
	}
}

func TestAConfigErrorWrapsWhatFailed(t *testing.T) {
	err := helium.ConfigErrorf("bus", "gave up: %w; check {Config.URL}", context.Canceled)
	if want := "bus: gave up: context canceled; check Config.URL"; !errors.Is(err, context.Canceled) || err.Error() != want {
		t.Errorf("got %v, which wraps %v; want %q around %v", err, err.Unwrap(), want, context.Canceled)
	}
}
