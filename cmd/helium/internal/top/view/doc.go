// Package view is the live table of "helium top": what all instances do, on the whole
// terminal, with keys to sort, group, scroll, pause and leave.
//
//	err := view.Run(ctx, view.Config{Look: look, By: "method", Sort: "calls"}, os.Stdin, os.Stdout)
//
// column.go says what the columns are, which the table that is printed once has too;
// layout.go which of them fit a terminal; model.go what is shown and how keys change it;
// keys.go the keys; view.go draws; run.go has the terminal.
//
// The terminal itself is Bubble Tea's: it reads keys, draws what changed, and leaves the
// terminal as it was, even after a panic.
package view
