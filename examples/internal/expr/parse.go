package expr

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxLength is how long an expression may be, in bytes.
const MaxLength = 4096

// Parse reads one expression. Its error is a [*SyntaxError].
func Parse(text string) (*Tree, error) {
	text = strings.ToValidUTF8(strings.TrimSpace(text), "\uFFFD")
	p := parse{text: text, files: token.NewFileSet()}
	switch {
	case text == "":
		return nil, p.errorAt(0, "nothing to evaluate%s", hint)
	case len(text) > MaxLength:
		return nil, &SyntaxError{Text: strings.ToValidUTF8(text[:20], "") + "…", Column: 1, Message: fmt.Sprintf("%d bytes are too many; write at most %d", len(text), MaxLength)}
	}
	if err := p.scan(); err != nil {
		return nil, err
	}
	// What is left is arithmetic to Go as well, so the standard library can read it.
	goTree, err := parser.ParseExprFrom(p.files, "", text, parser.SkipObjectResolution)
	if err != nil {
		return nil, p.explain(err)
	}
	root, err := p.convert(goTree)
	if err != nil {
		return nil, err
	}
	return &Tree{text: text, root: root}, nil
}

// A SyntaxError says where an expression isn't arithmetic.
type SyntaxError struct {
	// Text is the expression.
	Text string
	// Column is where in it, in characters, from 1.
	Column int
	// Message says what is wrong there and what to write instead.
	Message string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: column %d: %s", e.Text, e.Column, e.Message)
}

const hint = "; write numbers, + - * / and parentheses, such as (1 + 2) * 3"

type parse struct {
	text  string
	files *token.FileSet
}

// scan refuses all of Go's words and signs that aren't arithmetic, before Go's parser
// can make something of them.
func (p *parse) scan() error {
	var fault error
	refuse := func(offset int, format string, args ...any) {
		if fault == nil {
			fault = p.errorAt(offset, format+hint, args...)
		}
	}
	file := p.files.AddFile("", p.files.Base(), len(p.text))
	var s scanner.Scanner
	s.Init(file, []byte(p.text), func(at token.Position, message string) { refuse(at.Offset, "%s", message) }, scanner.ScanComments)
	for {
		pos, tok, text := s.Scan()
		at := file.Offset(pos)
		switch tok {
		case token.EOF:
			return fault
		case token.INT, token.FLOAT, token.ADD, token.SUB, token.MUL, token.QUO, token.LPAREN, token.RPAREN:
		case token.DEC:
			refuse(at, "two minus signs without a space between them")
		case token.COMMENT:
			refuse(at, "no operator %s", text[:2])
		case token.SEMICOLON:
			if text == ";" { // else the end of a line
				refuse(at, "unexpected ';'")
			}
		default:
			switch {
			case !tok.IsOperator():
				refuse(at, "%s is no number", text)
			case tok.Precedence() > token.LowestPrec:
				refuse(at, "no operator %s", tok)
			default:
				refuse(at, "unexpected '%s'", tok)
			}
		}
		if fault != nil {
			return fault
		}
	}
}

// convert turns Go's tree into one of this package's.
func (p *parse) convert(e ast.Expr) (node, error) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return p.convert(e.X)
	case *ast.BasicLit:
		return p.number(e)
	case *ast.UnaryExpr:
		if e.Op != token.SUB {
			return nil, p.errorAtPos(e.Pos(), "no operator %s here%s", e.Op, hint)
		}
		x, err := p.convert(e.X)
		if err != nil {
			return nil, err
		}
		return negation{x}, nil
	case *ast.BinaryExpr:
		left, err := p.convert(e.X)
		if err != nil {
			return nil, err
		}
		right, err := p.convert(e.Y)
		if err != nil {
			return nil, err
		}
		return operation{e.Op, p.column(e.OpPos), left, right}, nil
	}
	from, to := p.offset(e.Pos()), min(p.offset(e.End()), len(p.text))
	return nil, p.errorAt(from, "%q is no number%s", p.text[from:to], hint)
}

func (p *parse) number(lit *ast.BasicLit) (node, error) {
	if d := lit.Value; lit.Kind == token.INT && len(d) > 1 && d[0] == '0' && '0' <= d[1] && d[1] <= '9' {
		// Go reads it in base 8, which nobody expects of a calculator.
		return nil, p.errorAtPos(lit.Pos(), "%s begins with 0; leave the 0 out, or write 0o for base 8", d)
	}
	value, ok := float(lit)
	if !ok {
		return nil, p.errorAtPos(lit.Pos(), "%s is too large; the largest number is about 1.8e308", lit.Value)
	}
	return number(value), nil
}

// float returns the value of a literal that go/parser took, and false if it is out of
// range.
func float(lit *ast.BasicLit) (value float64, ok bool) {
	digits := strings.ReplaceAll(lit.Value, "_", "")
	if lit.Kind == token.INT {
		i, ok := new(big.Int).SetString(digits, 0)
		if !ok {
			return 0, false
		}
		value, _ = new(big.Float).SetInt(i).Float64()
		return value, !math.IsInf(value, 0)
	}
	value, err := strconv.ParseFloat(digits, 64)
	return value, err == nil
}

// explain turns an error of go/parser into one for somebody who writes no Go.
func (p *parse) explain(err error) error {
	list, ok := errors.AsType[scanner.ErrorList](err)
	if !ok || len(list) == 0 {
		return p.errorAt(0, "%v%s", err, hint)
	}
	first := list[0]
	what := first.Msg
	switch {
	case strings.Contains(what, "found 'EOF'"), strings.Contains(what, "found newline"):
		what = "something is missing"
	case strings.Contains(what, ", found "):
		_, found, _ := strings.Cut(what, ", found ")
		what = "unexpected " + found
	}
	return p.errorAt(first.Pos.Offset, "%s%s", what, hint)
}

func (p *parse) offset(at token.Pos) int { return p.files.Position(at).Offset }

func (p *parse) column(at token.Pos) int { return p.columnOf(p.offset(at)) }

// columnOf counts characters, as people do, not bytes.
func (p *parse) columnOf(offset int) int {
	return 1 + utf8.RuneCountInString(p.text[:min(offset, len(p.text))])
}

func (p *parse) errorAtPos(at token.Pos, format string, args ...any) error {
	return p.errorAt(p.offset(at), format, args...)
}

func (p *parse) errorAt(offset int, format string, args ...any) error {
	return &SyntaxError{Text: p.text, Column: p.columnOf(offset), Message: fmt.Sprintf(format, args...)}
}
