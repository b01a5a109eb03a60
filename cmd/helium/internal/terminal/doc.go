// Package terminal is the way of all that the command prints: standard output and standard
// error are a Writer each. So what others wrote reaches a terminal visibly and harmlessly,
// whoever forgot to think of it, and a full disk behind standard output is noticed.
//
//	out := terminal.NewWriter(os.Stdout, func(err error) { … })
//	fmt.Fprintf(out, "%s\n", text)            lines of text, shown as visible.Text shows it
//	fmt.Fprintf(out, "%s\n", visible.Line(s)) and what has to stay on its line
//	out.JSON(document)                        the same values, by JSON's own escapes
//	io.WriteString(out.Exact(), "\x1b[2J")    what the command itself wants of a terminal
//	err := out.Close()                        the first error of any of these
//
// A program that draws, such as a live table, draws on Exact and shows each text of others
// by visible.Line before it measures and cuts it.
package terminal
