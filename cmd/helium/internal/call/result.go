package call

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// showResult writes a result: a document for people and programs; raw, text is itself,
// and to a program or a file so exactly.
func showResult(env *cli.Env, result json.RawMessage) error {
	var text string
	switch {
	case env.Form == "ndjson":
		_, err := env.Out.JSON(append(result, '\n'))
		return err
	case env.Form == "raw" && json.Unmarshal(result, &text) == nil && result[0] == '"':
		var to io.Writer = env.Out
		if !env.Out.Terminal() {
			to = env.Out.Exact()
		}
		_, err := fmt.Fprintln(to, text)
		return err
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, result, "", "  "); err != nil {
		return err
	}
	indented.WriteByte('\n')
	_, err := env.Out.JSON(indented.Bytes())
	return err
}
