package binder

import (
	"strings"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// checkName turns a name that can't be a subject token into [helium.ErrBadRegistryName].
func checkName(what, name string) error {
	if err := wire.CheckName(what, name); err != nil {
		return helium.ErrBadRegistryName.WithMessage("%w", err)
	}
	return nil
}

// checkLookup is checkName for what is looked up: "math", "add" or "math.add".
func checkLookup(name string) error {
	first, second, both := strings.Cut(name, ".")
	if err := checkName("service or method", first); err != nil || !both {
		return err
	}
	return checkName("method", second)
}

// recordKey is a record's key in the bucket.
func recordKey(service, instance string) string { return service + "." + instance }
