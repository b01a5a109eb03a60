package docs

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	codeSpan     = regexp.MustCompile("`[^`]+`")
	markdownLink = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	imageSource  = regexp.MustCompile(`src="([^"]+)"`)
	heading      = regexp.MustCompile(`^#+ +(.*)$`)
	notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// line is a line of a page.
type line struct {
	number int
	text   string
	fenced bool // within ```
}

func linesOf(text string) (lines []line) {
	fenced := false
	for i, l := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(l), "```") {
			fenced = !fenced
			continue
		}
		lines = append(lines, line{i + 1, l, fenced})
	}
	return lines
}

// anchorsOf returns what links to the headings of a page end in, as GitHub makes it.
func anchorsOf(text string) map[string]bool {
	anchors, count := make(map[string]bool), make(map[string]int)
	for _, l := range linesOf(text) {
		found := heading.FindStringSubmatch(l.text)
		if l.fenced || found == nil {
			continue
		}
		anchor := strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(found[1]), ""), " ", "-")
		if n := count[anchor]; n > 0 {
			anchors[fmt.Sprintf("%s-%d", anchor, n)] = true
		} else {
			anchors[anchor] = true
		}
		count[anchor]++
	}
	return anchors
}

// missingTarget returns what is wrong with the target of a link in a page.
func (t *tree) missingTarget(page, target string) string {
	if strings.Contains(target, ":") { // an address elsewhere
		return ""
	}
	file, anchor, _ := strings.Cut(target, "#")
	if file == "" {
		file = path.Base(page)
	}
	name := filepath.Join(t.root, path.Dir(page), filepath.FromSlash(file))
	text, err := os.ReadFile(name)
	if err != nil {
		if info, err := os.Stat(name); err == nil && info.IsDir() && anchor == "" {
			return ""
		}
		return "the link leads to " + target + ", which isn't there"
	}
	if anchor != "" && !anchorsOf(string(text))[anchor] {
		return "the link leads to " + target + ", and " + file + " has no such heading"
	}
	return ""
}

// checkPage returns the faults of a Markdown page. A page of the past names what was; there
// only links count.
func checkPage(t *tree, ids *identifiers, page, text string, past bool) (faults []Fault) {
	add := func(l line, what ...string) {
		for _, w := range what {
			if w != "" {
				faults = append(faults, Fault{page, l.number, w})
			}
		}
	}
	for _, l := range linesOf(text) {
		if !l.fenced {
			prose := codeSpan.ReplaceAllString(l.text, "`")
			for _, found := range append(markdownLink.FindAllStringSubmatch(prose, -1), imageSource.FindAllStringSubmatch(prose, -1)...) {
				add(l, t.missingTarget(page, found[1]))
			}
		}
		if past {
			continue
		}
		spans := codeSpan.FindAllString(l.text, -1)
		if l.fenced {
			spans = []string{l.text}
		}
		for _, span := range spans {
			add(l, ids.missingSpan(span)...)
			words := strings.Fields(strings.Trim(span, "`"))
			for _, word := range words {
				if len(words) == 1 && !l.fenced || strings.HasPrefix(word, "./") && strings.Contains(span, "go ") {
					add(l, t.missing(path.Dir(page), strings.TrimSuffix(word, "/...")))
				}
			}
		}
	}
	return faults
}
