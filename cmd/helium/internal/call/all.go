package call

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/remote"
	"github.com/helium-rpc/helium/internal/visible"
)

// callAll makes a call at every instance, within a time, and prints a line for each, as the answers
// come.
func callAll(ctx, within context.Context, env *cli.Env, m *remote.Method, args [][]byte) error {
	var count, failed int
	var first *cli.Failure // the first failure that came
	for answer := range m.All(within, args) {
		if answer.Instance == "" {
			return answer.Err
		}
		count++
		if answer.Err == nil {
			showInstanceResult(env, answer.Instance, answer.Result)
			continue
		}
		f := env.Judge(ctx, answer.Err)
		if failed++; first == nil {
			first = f
		}
		showInstanceError(env, answer.Instance, f)
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case first == nil:
		return nil
	}
	return cli.Fail(first.Exit, first.Hint, fmt.Errorf("%s failed; the first: %w", amount.OfAll(failed, count, "instance"), first))
}

// instanceLine is what came of one instance, as programs read it.
type instanceLine struct {
	Instance string          `json:"instance"`
	Result   json.RawMessage `json:"result,omitempty"`
	Error    *cli.Report     `json:"error,omitempty"`
}

// showInstanceResult writes an instance and its result; with -o raw the result alone, and text as itself.
func showInstanceResult(env *cli.Env, instance string, result json.RawMessage) {
	switch {
	case env.Machine():
		cli.WriteJSONLine(env.Out, instanceLine{Instance: instance, Result: result})
	case env.Form == "raw":
		_ = showItem(env, result)
	default:
		fmt.Fprintf(env.Out, "%s   ", visible.Line(instance))
		_, _ = env.Out.JSON(append(result, '\n'))
	}
}

// showInstanceError writes why there is no result in its place; with -o raw an empty line, and the
// error to stderr.
func showInstanceError(env *cli.Env, instance string, f *cli.Failure) {
	r := cli.ReportOf(f, env.Asked, time.Since(env.Began))
	r.Instance = instance
	switch {
	case env.Machine():
		cli.WriteJSONLine(env.Out, instanceLine{Instance: instance, Error: &r})
	case env.Form == "raw":
		fmt.Fprintln(env.Out)
		r.Write(env.Err)
	default:
		outcome := ""
		if e, ok := errors.AsType[*helium.Error](f); ok {
			outcome = ", " + e.Outcome.String()
		}
		fmt.Fprintf(env.Out, "%s   %s (%s%s)\n", visible.Line(instance), visible.Line(r.Message), r.Code, outcome)
	}
}
