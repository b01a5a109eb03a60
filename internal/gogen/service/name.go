package service

import (
	"regexp"
	"strings"

	"github.com/helium-rpc/helium/signature"
)

// NameForm is what a service's name must match to be part of a subject.
var NameForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// NameOf returns the name of the service that an interface describes, unless
// another is given:
//
//	interface Service      the package's name without a last "svc" or "service": mathsvc → math
//	any other              its own as on the wire, without a last "Service": Stock → stock,
//	                       OrderService → order
//
// It returns "" if that leaves nothing that says what the service is.
func NameOf(packageName, interfaceName string) string {
	if interfaceName != "Service" {
		return signature.WireName(cutSuffixUnlessAll(interfaceName, "Service"))
	}
	if packageName == "main" {
		return ""
	}
	name := cutSuffixUnlessAll(packageName, "service")
	return strings.TrimRight(cutSuffixUnlessAll(name, "svc"), "_")
}

func cutSuffixUnlessAll(s, suffix string) string {
	if rest := strings.TrimSuffix(s, suffix); rest != "" {
		return rest
	}
	return s
}
