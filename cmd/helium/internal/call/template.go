package call

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"github.com/helium-rpc/helium/cmd/helium/internal/arguments"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/cmd/helium/internal/lookup"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/internal/visible"
)

// showTemplate prints the template of a method, and beside it what the types are.
func showTemplate(env *cli.Env, t *lookup.Method) error {
	template, item := arguments.Template, false
	if t.Signature.Sends != nil && len(t.Signature.Params) == 0 {
		template, item = arguments.ItemTemplate, true // there is nothing else to fill in
	}
	text, err := template(t.Signature)
	if err != nil {
		return cli.Fail(cli.ExitUsage, shell.Line("helium", "describe", t.Name()), fmt.Errorf("%s: %w", t.Name(), err))
	}
	if env.Form != "ndjson" && !item { // which are a line
		var indented bytes.Buffer
		if err := json.Indent(&indented, text, "", "  "); err != nil {
			return err
		}
		text = indented.Bytes()
	}
	if _, err = env.Out.JSON(append(text, '\n')); err != nil {
		return err
	}
	if env.Form == "table" {
		explained := t.Explained()
		for _, line := range explained {
			env.Say("%s", visible.Line(line))
		}
		if mayMiss := regexp.MustCompile(`\?|\bany\b`); slices.ContainsFunc(explained, mayMiss.MatchString) {
			env.Say("what is T? or any may be null or left out")
		}
		return sayNext(env, t)
	}
	return nil
}

// sayNext says what to do with a template. The items of a stream come from stdin, and where there are other
// arguments, an item is shown here.
func sayNext(env *cli.Env, t *lookup.Method) error {
	call := shell.Line("helium", "call", t.Name())
	switch m := t.Signature; {
	case m.Sends == nil:
		env.Say("next: %s -d @file", call)
	case len(m.Params) == 0:
		env.Say("next: %s < items, a line of JSON each", call)
	default:
		item, err := arguments.ItemTemplate(m)
		if err != nil {
			return err
		}
		env.Say("each item is a line of JSON, such as %s", visible.Line(string(item)))
		env.Say("next: %s -d @file < items", call)
	}
	return nil
}
