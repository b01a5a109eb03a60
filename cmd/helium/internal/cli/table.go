package cli

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/helium-rpc/helium/cmd/helium/internal/terminal"
	"github.com/helium-rpc/helium/internal/visible"
)

// newTable returns a table in the house's style: columns and no lines, so that it can
// be read aloud, cut and pasted. A cell is a line, whatever is put into it.
func newTable() table.Writer {
	t := table.NewWriter()
	style := table.StyleLight
	style.Name = "helium"
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format.Header = text.FormatUpper
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "   "
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	return lineTable{t}
}

// lineTable shows each cell on one line before the width of its column is measured.
type lineTable struct{ table.Writer }

func (t lineTable) AppendRow(cells table.Row, config ...table.RowConfig) {
	shown := make(table.Row, len(cells))
	for i, cell := range cells {
		if text, ok := cell.(string); ok {
			cell = visible.Line(text)
		}
		shown[i] = cell
	}
	t.Writer.AppendRow(shown, config...)
}

// printTable prints a table, its header in bold.
func printTable(w *terminal.Writer, t table.Writer) {
	header, rows, _ := strings.Cut(t.Render(), "\n")
	w.Styled(terminal.Bold, header)
	fmt.Fprintf(w, "\n%s\n", rows)
}
