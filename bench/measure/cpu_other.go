//go:build !unix

package measure

import "time"

// cpuTime is 0 where there is no getrusage: tables then show no CPU time.
func cpuTime() time.Duration { return 0 }
