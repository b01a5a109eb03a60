package cli

import (
	"regexp"
	"strings"
)

// A word such as -2 is a number where flags have no digits for names. It passes the
// parser of flags in disguise, by a character that no command line can hold.
const disguise = "\x00"

var looksNegative = regexp.MustCompile(`^-\.?[0-9]`)

// ProtectNumbers disguises negative numbers among the arguments of the process, but not
// behind a flag, whose value one may be.
func ProtectNumbers(args []string) []string {
	var protected []string
	afterFlag := false
	for i, arg := range args {
		if arg == "--" {
			return append(protected, args[i:]...)
		}
		isNumber := looksNegative.MatchString(arg)
		if isNumber && !afterFlag {
			arg = disguise + arg
		}
		afterFlag = strings.HasPrefix(arg, "-") && !isNumber && !strings.Contains(arg, "=")
		protected = append(protected, arg)
	}
	return protected
}

func Unprotected(word string) string { return strings.TrimPrefix(word, disguise) }
