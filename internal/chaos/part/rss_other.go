//go:build !linux

package part

// maxRSS isn't known here: systems differ in its unit.
func maxRSS() uint64 { return 0 }
