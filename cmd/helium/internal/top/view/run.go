package view

import (
	"context"
	"errors"
	"io"
	"os"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/term"
)

// Run shows the table on a terminal until a key or the end of ctx ends it, which is no
// error. Without a terminal to read keys from it is shown all the same.
func Run(ctx context.Context, config Config, in io.Reader, out io.Writer) error {
	looks, cancel := context.WithCancel(ctx)
	defer cancel()
	keyboard, done := keyboardOf(in)
	defer done()
	options := []tea.ProgramOption{
		tea.WithInput(keyboard),
		tea.WithOutput(out),
		tea.WithEnvironment(os.Environ()),
		tea.WithoutSignalHandler(), // signals end ctx
	}
	m := newModel(looks, config)
	program := tea.NewProgram(m, options...)
	// The end of a context given to Bubble Tea would kill it, in the midst of reading keys.
	defer context.AfterFunc(ctx, program.Quit)()
	_, err := program.Run()
	if m.fatal != nil {
		return m.fatal
	}
	if ctx.Err() != nil || errors.Is(err, tea.ErrInterrupted) {
		return nil
	}
	return err
}

// keyboardOf returns what keys are read from: the input if it is a terminal, else the
// process's own terminal, or nil where there is none.
func keyboardOf(in io.Reader) (keyboard io.Reader, done func()) {
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f, func() {}
	}
	if keyboard, screen, err := tea.OpenTTY(); err == nil {
		return keyboard, func() { _, _ = keyboard.Close(), screen.Close() }
	}
	return nil, func() {}
}
