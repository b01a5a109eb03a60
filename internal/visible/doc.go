// Package visible shows text that others wrote: names, versions, comments, errors and
// values come from programs that anybody may have put on the bus, and a terminal acts
// upon more of them than it shows. An escape sequence moves the cursor and recolours what
// stands there, a bidirectional control makes one name look like another, a carriage
// return overwrites what was said before, and a line that somebody slips in looks like
// one of ours.
//
//	visible.Text("a\x1b[2Jb")   a\x1b[2Jb     lines and tabs stay
//	visible.Line("a\nb")        a\nb          one line, whatever it held
//	visible.JSON(document)      the same values, by escapes that JSON itself has
//
// It is for package schema and the command, whose streams show all that is written to them.
package visible
