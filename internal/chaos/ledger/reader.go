package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Extension is that of the files that Read reads.
const Extension = ".ledger"

// Read returns the entries of all files of a folder, file by file. Half a line at the end of a
// file isn't one, and is an error as every other line that can't be read: an entry is written
// at once or not at all.
func Read(folder string) ([]Entry, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*"+Extension))
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, name := range files {
		if entries, err = readFile(name, entries); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func readFile(name string, entries []Entry) ([]Entry, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	in := bufio.NewReader(file)
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return entries, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: half a line: %q", name, number, line)
		}
		var e Entry
		if err := json.Unmarshal(bytes.TrimSpace(line), &e); err != nil {
			return nil, fmt.Errorf("%s, line %d: %q: %w", name, number, line, err)
		}
		entries = append(entries, e)
	}
}
