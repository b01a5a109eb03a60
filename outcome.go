package helium

import "fmt"

// Outcome says, of a call that failed, whether its handler could have run.
// It decides whether a call may be made again.
type Outcome uint8

const (
	// Unknown: the call was sent and nobody can tell how far it came.
	Unknown Outcome = 0
	// NotExecuted: it is certain that the handler didn't run and won't.
	NotExecuted Outcome = 1
	// Executed: the handler ran, and the error is its answer or concerns its answer.
	Executed Outcome = 2
)

// String returns "unknown", "not executed" or "executed".
func (o Outcome) String() string {
	switch o {
	case Unknown:
		return "unknown"
	case NotExecuted:
		return "not executed"
	case Executed:
		return "executed"
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}
