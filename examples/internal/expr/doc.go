// Package expr evaluates arithmetic expressions on a [mathsvc.Service]: each operator
// is one call, wherever the service is.
//
//	tree, err := expr.Parse("(1 + 2) * 3")
//	if err != nil {
//		return err // a *SyntaxError, which names the column
//	}
//	result, err := tree.Eval(ctx, mathsvc.NewClient(client))
//
// An expression has + - * /, a minus sign before anything, parentheses, and numbers as
// Go writes them: 7, 0.5, 1e-3, 1_000, 0xff. Precedence is Go's.
//
// [Read] finds a program's expressions: its arguments, or the lines of its standard
// input.
package expr
