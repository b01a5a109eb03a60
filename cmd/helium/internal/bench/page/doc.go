// Package page writes the result of a load as a page for a browser: one file, which
// needs nothing from anywhere else, with charts in SVG and no script.
//
//	err := page.Write(file, page.Page{Title: "math.add", Result: result})
//
// page.go is the page, page.html its template; axis.go places values on axes, charts.go
// draws.
package page
