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
	helium.CodeCanceled:           {1, "canceled"},
	helium.CodeUnknown:            {2, "unknown"},
	helium.CodeInvalidArgument:    {3, "invalid_argument"},
	helium.CodeDeadlineExceeded:   {4, "deadline_exceeded"},
	helium.CodeNotFound:           {5, "not_found"},
	helium.CodeAlreadyExists:      {6, "already_exists"},
	helium.CodePermissionDenied:   {7, "permission_denied"},
	helium.CodeResourceExhausted:  {8, "resource_exhausted"},
	helium.CodeFailedPrecondition: {9, "failed_precondition"},
	helium.CodeAborted:            {10, "aborted"},
	helium.CodeOutOfRange:         {11, "out_of_range"},
	helium.CodeUnimplemented:      {12, "unimplemented"},
	helium.CodeInternal:           {13, "internal"},
	helium.CodeUnavailable:        {14, "unavailable"},
	helium.CodeDataLoss:           {15, "data_loss"},
	helium.CodeUnauthenticated:    {16, "unauthenticated"},
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
		code := helium.CodeAborted
		if err := code.UnmarshalText([]byte(text)); err == nil || code != helium.CodeAborted {
			t.Errorf("UnmarshalText(%q) = %v, and the code is %v; want an error, and aborted as before", text, err, code)
		}
	}
}
