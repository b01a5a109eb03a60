package cli

import (
	"io"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"

	"github.com/helium-rpc/helium/internal/visible"
)

// ProgressBar shows how many calls of "helium call --each" are done, on a terminal that
// doesn't show the results as well. One goroutine uses it.
type ProgressBar struct {
	writer  progress.Writer // nil: nobody watches
	tracker *progress.Tracker
	Stop    func() // ends it, once; the line stays
}

// NewProgressBar starts a bar on stderr, if anybody sees it. total 0: not known.
func NewProgressBar(o *Output, name string, total int64) *ProgressBar {
	if !o.Err.Terminal() || o.Out.Terminal() {
		return &ProgressBar{Stop: func() {}}
	}
	return StartProgressBar(o.Err.Exact(), name, total)
}

// StartProgressBar draws a bar again and again, on what moves the cursor as it is told.
func StartProgressBar(w io.Writer, name string, total int64) *ProgressBar {
	const often = 100 * time.Millisecond
	bar := &ProgressBar{writer: progress.NewWriter(), tracker: &progress.Tracker{Message: visible.Line(name), Total: total}}
	bar.writer.SetOutputWriter(w)
	bar.writer.SetUpdateFrequency(often)
	bar.writer.SetTrackerPosition(progress.PositionRight)
	bar.writer.Style().Visibility.Speed = true
	bar.writer.Style().Visibility.ETA = total > 0
	if coloured, ok := w.(interface{ Colourful() bool }); ok && coloured.Colourful() {
		bar.writer.Style().Colors = progress.StyleColorsExample
	}
	bar.writer.AppendTracker(bar.tracker)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		bar.writer.Render()
	}()
	bar.Stop = sync.OnceFunc(func() {
		bar.tracker.MarkAsDone()
		for {
			bar.writer.Stop() // does nothing if Render hasn't begun yet
			select {
			case <-ended:
				return
			case <-time.After(often / 10):
			}
		}
	})
	return bar
}

// Add counts one call.
func (b *ProgressBar) Add() {
	if b.writer != nil {
		b.tracker.Increment(1)
	}
}
