// Package cli is what all subcommands share, and knows none of them. [Run] runs the one that
// the command line names and hands it an [Env]:
//
//	env.Dial(ctx)                     connects as flags, environment and contexts say
//	env.Show(item, raw, people)       writes what was found, in the form that -o asks for
//	env.Say("%s is there", name)      talks to a person, on standard error
//	env.Warn("an item is missing")    says it to people and to programs
//	return cli.Fail(cli.ExitUsage, hint, err)
//
// Results go to standard output, talk and errors to standard error. An error is told once,
// by Run: what went wrong, in the words of flags, and what helps next. The exit codes are
// those of exit.go, which scripts rely on.
package cli
