package call

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/remote"
)

// callStream calls a method that takes or returns a stream: items come from stdin and go to stdout, as they
// come, a line of JSON each. It lasts until it ends, or as long as --timeout says.
func callStream(ctx context.Context, env *cli.Env, m *remote.Method, args [][]byte) error {
	result, unheeded, err := m.Stream(ctx, args, env.In, func(item json.RawMessage) error { return showItem(env, item) })
	if unheeded != nil {
		env.Warn(fmt.Sprintf("%s ended well without the lines from this one on: %s", m.Name(), helium.AsError(unheeded).Message), "method", m.Name())
	}
	switch {
	case err != nil:
		return err
	case m.Signature.Yields != nil:
		return nil
	}
	return showResult(env, result)
}

// showItem writes an item: a line of JSON, or raw, if it is text, that itself.
func showItem(env *cli.Env, item json.RawMessage) error {
	if env.Form == "raw" && item[0] == '"' {
		return showResult(env, item)
	}
	_, err := env.Out.JSON(append(item, '\n'))
	return err
}
