// Package scenario is what the harness does to a system and what has to come of it, as data:
// the processes, the load, the faults with their times, and the bounds of the verdict.
//
// scenario.go, bed.go and step.go say what a scenario is made of, bounds.go what several have to
// keep. The scenarios themselves are in the other files, a file for what is attacked; list.go names
// them all.
package scenario
