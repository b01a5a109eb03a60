// Package docs checks what the documentation says of the repository, for tests: that the
// files, folders, headings, tests and identifiers exist that Markdown pages and Go comments
// name. Whether a sentence about them is true, nobody checks. The README's Go code is compiled
// and run by a test.
package docs
