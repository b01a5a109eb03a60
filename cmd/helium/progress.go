package main

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"

	"github.com/helium-rpc/helium/internal/visible"
)

// progressBar shows how many calls of "helium call --each" are done, on a terminal that
// doesn't show the results as well. One goroutine uses it.
type progressBar struct {
	writer  progress.Writer // nil: nobody watches
	tracker *progress.Tracker
	stop    func() // ends it, once; the line stays
}

// newProgress starts a bar on stderr, if anybody sees it. total 0: not known.
func (a *app) newProgress(name string, total int64) *progressBar {
	if !a.err.Terminal() || a.out.Terminal() {
		return &progressBar{stop: func() {}}
	}
	return startProgress(a.err.Exact(), name, total)
}

// startProgress draws a bar again and again, on what moves the cursor as it is told.
func startProgress(w io.Writer, name string, total int64) *progressBar {
	const often = 100 * time.Millisecond
	bar := &progressBar{writer: progress.NewWriter(), tracker: &progress.Tracker{Message: visible.Line(name), Total: total}}
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
	bar.stop = sync.OnceFunc(func() {
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

// add counts one call.
func (b *progressBar) add() {
	if b.writer != nil {
		b.tracker.Increment(1)
	}
}

// countLines returns how many lines a file holds, and 0 for what can't be read twice.
func countLines(from io.Reader) int64 {
	f, ok := from.(*os.File)
	if !ok {
		return 0
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	var lines int64
	buf := make([]byte, 64<<10)
	for {
		n, err := f.Read(buf)
		lines += int64(bytes.Count(buf[:n], []byte("\n")))
		if err != nil {
			break
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0
	}
	return lines
}
