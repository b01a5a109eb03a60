package link

import "github.com/helium-rpc/helium/internal/wire"

// suspect is an instance that may have a call.
type suspect struct {
	*Instance
	candor candor
}

// candor is what an instance tells this client of itself and its calls.
type candor int

const (
	// reticent instances tell nothing: their versions know neither heartbeats nor questions.
	reticent candor = iota
	// whenAsked: they answer who asks whether they are there, and don't say which calls they have. So it is where NATS
	// takes nothing but answers, by allow_responses or an export.
	whenAsked
	// forthright instances say by heartbeats which calls they have, and answer questions.
	forthright
)

// candorOf returns that of an instance with such a record, 0 if it isn't known: what it said itself counts, if it was
// heard.
func candorOf(i *Instance, record wire.Abilities) candor {
	switch own := i.Abilities(); {
	case i.promises(record):
		return forthright
	case (own|record)&(wire.Heartbeats|wire.AnswersOnce) != 0, i.answers.Load():
		return whenAsked // whoever can say either of these answers questions
	}
	return reticent
}
