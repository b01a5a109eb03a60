package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/helium-rpc/helium/internal/timetext"
)

// Words returns the check of how many words a subcommand takes beside its flags; most -1:
// any number. What they are is said by its usage, behind its name.
func Words(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		_, takes, _ := strings.Cut(cmd.Use, " ")
		switch n := len(args); {
		case n < least:
			return fmt.Errorf("%s needs %s", cmd.CommandPath(), takes)
		case most < 0 || n <= most:
			return nil
		case most == 0:
			return fmt.Errorf("too many arguments: %s takes none, and got %s", cmd.CommandPath(), QuotedWords(args))
		}
		return fmt.Errorf("too many arguments: %s takes %s, and got %s", cmd.CommandPath(), takes, QuotedWords(args))
	}
}

func QuotedWords(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = strconv.Quote(Unprotected(arg))
	}
	return strings.Join(quoted, " ")
}

// checkUTF8 refuses words that aren't text: whatever they were meant to say, it wouldn't
// arrive so.
func checkUTF8(args []string) error {
	for _, arg := range args {
		if !utf8.ValidString(arg) {
			return fmt.Errorf("the word %q isn't UTF-8; set the terminal, or what writes the command line, to UTF-8", arg)
		}
	}
	return nil
}

// flagError says in this command's words what the library of flags says in its own.
func flagError(_ *cobra.Command, err error) error {
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return fmt.Errorf("%s %s: give %s", flagName(e.GetFlag()), strconv.Quote(Unprotected(e.GetValue())), wanted(e.GetFlag(), e))
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		what, _ := pflag.UnquoteUsage(e.GetFlag())
		return fmt.Errorf("%s needs a value: %s", flagName(e.GetFlag()), what)
	}
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if letters := e.GetSpecifiedShortnames(); letters != "" {
			return fmt.Errorf("unknown flag: -%s", letters)
		}
		return fmt.Errorf("unknown flag: --%s", e.GetSpecifiedName())
	}
	return err
}

// noEmptyFlags refuses flags of a subcommand that are given without a text, as by
// --at "$INSTANCE" of a variable that isn't set: it would do what nobody asked for. Flags
// with a default say by themselves what they take, and those of the connection go on to the
// environment.
func noEmptyFlags(flags *pflag.FlagSet) error {
	var wrong error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed && f.Value.Type() == "string" && f.Value.String() == "" && f.DefValue == "" && wrong == nil {
			what, _ := pflag.UnquoteUsage(f)
			wrong = fmt.Errorf("%s is empty; give the %s, or leave it out", flagName(f), what)
		}
	})
	return wrong
}

// flagName is how a flag is written at least: -n where it has a letter.
func flagName(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand
	}
	return "--" + f.Name
}

// wanted says what a flag takes.
func wanted(f *pflag.Flag, err error) string {
	switch f.Value.Type() {
	case "int":
		if errors.Is(err, strconv.ErrRange) {
			return "a smaller number"
		}
		return "a whole number"
	case "float64":
		return "a number"
	case "duration":
		if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok && isTooLong(Unprotected(e.GetValue())) {
			return "a shorter time, at most " + timetext.Longest
		}
		return "a time with its unit, such as 10s or 1h30m"
	case "bool":
		return "true or false"
	}
	what, _ := pflag.UnquoteUsage(f)
	return what
}

// isTooLong reports a time that is well written and longer than any can be.
func isTooLong(text string) bool {
	_, err := timetext.Duration(text)
	return err == timetext.ErrRange
}
