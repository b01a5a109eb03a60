package cli

import (
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A word such as -2 is a number where flags have no digits for names. It passes the
// parser of flags in disguise, by a character that no command line can hold.
const disguise = "\x00"

var looksNegative = regexp.MustCompile(`^-\.?[0-9]`)

// ProtectNumbers disguises negative numbers among the arguments of the process, but not
// behind a flag whose value one may be. The command is the one that they name.
func ProtectNumbers(cmd *cobra.Command, args []string) []string {
	var protected []string
	wantsValue := false
	for i, arg := range args {
		if arg == "--" {
			return append(protected, args[i:]...)
		}
		isNumber := looksNegative.MatchString(arg)
		if isNumber && !wantsValue {
			arg = disguise + arg
		}
		wantsValue = strings.HasPrefix(arg, "-") && !isNumber && takesNext(cmd, arg)
		protected = append(protected, arg)
	}
	return protected
}

// takesNext reports whether the value of a flag is the next word. Of a flag that isn't known it may be.
func takesNext(cmd *cobra.Command, word string) bool {
	if strings.Contains(word, "=") {
		return false
	}
	if name, long := strings.CutPrefix(word, "--"); long {
		f := cmd.Flag(name)
		return f == nil || f.NoOptDefVal == ""
	}
	letters := word[1:]
	for i := range letters {
		f := lettered(cmd, letters[i:i+1])
		if f == nil || f.NoOptDefVal == "" {
			return i == len(letters)-1 // else the value stands behind the letter
		}
	}
	return false
}

// lettered returns the flag of a letter, nil if the command has none.
func lettered(cmd *cobra.Command, letter string) *pflag.Flag {
	if f := cmd.Flags().ShorthandLookup(letter); f != nil {
		return f
	}
	return cmd.InheritedFlags().ShorthandLookup(letter)
}

func Unprotected(word string) string { return strings.TrimPrefix(word, disguise) }
