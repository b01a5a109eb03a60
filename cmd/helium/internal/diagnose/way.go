package diagnose

import (
	"fmt"
	"strings"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/signature"
)

// way is the way of a call to one method, as far as it is known:
//
//	connect ─▶ permissions ─▶ binder ─▶ record ─▶ lease ─▶ may call ─▶ subscribers ─▶ probe
type way struct {
	*access
	name            string // that was asked for
	service, method string // method "" until one is chosen, service "" until it is known
	mayAsk          bool   // binders may be asked
	denied          bool   // the method's subject can't be published to
	records         []binder.Record
	signature       *signature.Method // nil: not known
	unknown         error             // the registry has no such name
}

// newWay takes "math.add", or "math" or "add" until the registry tells which it is.
func newWay(a *access, name string) (*way, error) {
	w := &way{access: a, name: name}
	service, method, both := strings.Cut(name, ".")
	if both {
		w.service, w.method = service, method
	}
	for _, part := range strings.SplitN(name, ".", 2) {
		if err := wire.CheckName("service or method", part); err != nil {
			return nil, cli.Fail(cli.ExitUsage, "helium why --help", fmt.Errorf("%w; ask as in: helium why math.add", err))
		}
	}
	return w, nil
}

// unnamed says why the stages past the registry can't be walked, if they can't.
func (w *way) unnamed() string {
	switch {
	case w.prober == nil:
		return "no connection"
	case w.service == "" || w.method == "":
		return "it isn't known which service has the method"
	}
	return ""
}

// unheard says why nobody can be asked on the method's subject, if so.
func (w *way) unheard() string {
	switch why := w.unnamed(); {
	case why != "":
		return why
	case !w.inbox:
		return "answers can't be received"
	case w.denied:
		return "nothing can be sent there"
	}
	return ""
}

func (w *way) subject() string { return w.prober.Subjects().Method(w.service, w.method) }

// named returns an error as that of a call of the method, which didn't run.
func (w *way) named(e *helium.Error) error {
	c := e.WithOutcome(helium.NotExecuted)
	c.Service, c.Method = w.service, w.method
	return c
}

func methodOf(r *binder.Record, name string) *binder.Method {
	for i := range r.Methods {
		if r.Methods[i].Name == name {
			return &r.Methods[i]
		}
	}
	return nil
}
