package helium_test

import (
	"encoding/json"
	"testing"

	"github.com/helium-rpc/helium"
)

// codes are the sixteen, with the numbers and names of gRPC's status codes.
// Source: https://grpc.io/docs/guides/status-codes/
var codes = map[helium.Code]struct {
	number uint8
	name   string
}{
	helium.Canceled:           {1, "canceled"},
	helium.CodeUnknown:        {2, "unknown"},
	helium.InvalidArgument:    {3, "invalid_argument"},
	helium.DeadlineExceeded:   {4, "deadline_exceeded"},
	helium.NotFound:           {5, "not_found"},
	helium.AlreadyExists:      {6, "already_exists"},
	helium.PermissionDenied:   {7, "permission_denied"},
	helium.ResourceExhausted:  {8, "resource_exhausted"},
	helium.FailedPrecondition: {9, "failed_precondition"},
	helium.Aborted:            {10, "aborted"},
	helium.OutOfRange:         {11, "out_of_range"},
	helium.Unimplemented:      {12, "unimplemented"},
	helium.Internal:           {13, "internal"},
	helium.Unavailable:        {14, "unavailable"},
	helium.DataLoss:           {15, "data_loss"},
	helium.Unauthenticated:    {16, "unauthenticated"},
}

func TestTheSixteenCodesHaveTheNumbersAndNamesThatEveryoneKnows(t *testing.T) {
	if len(codes) != 16 {
		t.Fatalf("the table has %d codes, want 16", len(codes))
	}
	for code, want := range codes {
		if uint8(code) != want.number || code.String() != want.name || !code.Valid() {
			t.Errorf("got %d %q, valid %v; want %d %q, valid", uint8(code), code, code.Valid(), want.number, want.name)
		}
	}
}

func TestNumbersThatAreNoCodesSaySo(t *testing.T) {
	for code, want := range map[helium.Code]string{0: "code(0)", 17: "code(17)", 255: "code(255)"} {
		if code.Valid() || code.String() != want {
			t.Errorf("Code(%d) prints as %q, valid %v; want %q, not valid", uint8(code), code, code.Valid(), want)
		}
	}
}

func TestCodesTravelAsText(t *testing.T) {
	for code, want := range codes {
		text, err := json.Marshal(code)
		if err != nil || string(text) != `"`+want.name+`"` {
			t.Errorf("json.Marshal(%v) = %s, %v; want %q", code, text, err, want.name)
		}
		var back helium.Code
		if err := json.Unmarshal(text, &back); err != nil || back != code {
			t.Errorf("json.Unmarshal(%s) = %v, %v; want %v", text, back, err, code)
		}
	}
}

func TestTextThatIsNoCodeIsRefusedAndChangesNothing(t *testing.T) {
	for _, text := range []string{"", "ok", "NotFound", "not found", "code(17)", "not_found "} {
		code := helium.Aborted
		if err := code.UnmarshalText([]byte(text)); err == nil || code != helium.Aborted {
			t.Errorf("UnmarshalText(%q) = %v, and the code is %v; want an error, and aborted as before", text, err, code)
		}
	}
}
