// Package docs checks the documentation: the Go code of the README is compiled and run.
package docs
