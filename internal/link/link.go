package link

import (
	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
)

// Link is a way for messages of calls to travel to instances. The bus is one; it reaches
// whatever can be reached. What comes back the link hands to its [Receiver], which it got
// from Dispatcher.Add.
//
// All methods are safe for concurrent use.
type Link interface {
	// Reaches reports whether messages to an endpoint can go by the link now. Method is the
	// one that all their calls are of, which not every instance may have; "" stands for
	// several, which all instances of the service have. Who makes the link tells the dispatcher
	// when that changes; see Dispatcher.Rerouted.
	Reaches(to *Endpoint, method string) bool
	// Instance is the one that the link leads to, by name; "": it leads to several.
	Instance() string
	// Send hands over a message of calls, which is the link's until it returns. An error is
	// that of all calls in it, and its outcome says whether they may have left: what
	// certainly hasn't goes by the bus instead. It never waits for a connection.
	Send(to *Endpoint, m *batch.Message) *helium.Error
	// Received is told of a call of which its instance has shown that it has it, by a sign that isn't its last
	// answer. The call's shard of the table is locked, and doesn't show the sign yet.
	Received(c *Call)
	// Answered is told of a call that was answered, before its waiter is, and of the error in
	// the answer: that its instance lacks the method, for one, is known from then on.
	Answered(c *Call, e *helium.Error)
	// Cancel tells instances that nobody waits for the call any more. Which one has it may
	// not be known; those that don't have it take no notice. Its handler is told whether its time is over.
	Cancel(c *Call, instances []string, timeOver bool)
	// Control hands over a message about the call for the instance that has it, which goes where cancels
	// go. Such messages arrive in order, and behind the call. An error's outcome says whether it may have
	// left. If nobody is there, that is told as of a message of calls with the token; 0: it isn't told.
	Control(c *Call, instance string, token uint64, data []byte) *helium.Error
	// Beat is called each [wire.HeartbeatInterval] while any calls of the client are in flight: busy
	// says that some of these have left by this link. Late says that the program stood still.
	Beat(busy, late bool)
	// Close ends the link after what it has taken has left; nothing arrives by it afterwards.
	Close()
}
