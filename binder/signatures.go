package binder

import (
	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/signature"
)

// checkSignatures refuses a record whose types or signatures can't be read. It is done
// when a record comes in, not again for each binder that reads it from the bucket.
func (r *Record) checkSignatures() error {
	types, err := signature.ParseTypes(r.Types)
	if err != nil {
		return helium.ErrBadRecord.WithMessage("service %q: its types can't be read: %w", r.Service, err)
	}
	for i := range r.Methods {
		m := &r.Methods[i]
		if m.Kind != KindCall {
			continue // a kind of the future may say more than this notation can
		}
		parsed, err := types.Parse(m.Signature)
		if err != nil {
			return helium.ErrBadRecord.WithMessage("service %q: the signature of its method %q can't be read: %w", r.Service, m.Name, err)
		}
		if parsed.Name != m.Name {
			return helium.ErrBadRecord.WithMessage("service %q: the signature of its method %q is that of %q", r.Service, m.Name, parsed.Name)
		}
	}
	return nil
}
