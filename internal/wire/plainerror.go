package wire

import (
	"strings"

	"github.com/helium-rpc/helium"
)

// The headers of an error that answers a plain request, as NATS's service framework has
// them. Source: NATS ADR-32.
const (
	ErrorHeader     = "Nats-Service-Error"
	ErrorCodeHeader = "Nats-Service-Error-Code"
)

// HeaderText makes any text fit for one line of a header, shortened to what tools show.
func HeaderText(text string) string {
	if len(text) > MaxHeaderText {
		text = strings.ToValidUTF8(text[:MaxHeaderText], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}

// HTTPStatus returns the number that NATS tools show as an error's code.
// Source: google.rpc.Code's mapping to HTTP.
func HTTPStatus(code helium.Code) int {
	switch code {
	case helium.CodeInvalidArgument, helium.CodeFailedPrecondition, helium.CodeOutOfRange:
		return 400
	case helium.CodeUnauthenticated:
		return 401
	case helium.CodePermissionDenied:
		return 403
	case helium.CodeNotFound:
		return 404
	case helium.CodeAlreadyExists, helium.CodeAborted:
		return 409
	case helium.CodeResourceExhausted:
		return 429
	case helium.CodeCanceled:
		return 499
	case helium.CodeUnimplemented:
		return 501
	case helium.CodeUnavailable:
		return 503
	case helium.CodeDeadlineExceeded:
		return 504
	}
	return 500
}
