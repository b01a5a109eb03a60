package process

import (
	"encoding/json"
	"time"
)

// environment is the variable that makes a process a child. It holds a role in JSON.
const environment = "HELIUM_CHAOS_ROLE"

// marker begins each line of a child that is for its parent. What libraries write to the
// standard output has none.
const marker = "helium-chaos:"

// role is what a child is told at its start.
type role struct {
	Setup json.RawMessage // what the child is, for the program to understand
	Limit time.Duration   // after which the child ends by itself
}

// request asks a child to do something.
type request struct {
	Number  int
	Command json.RawMessage
}

// reply answers the request of that number. Number 0 says that the child is ready.
type reply struct {
	Number int
	Error  string          `json:",omitempty"`
	Answer json.RawMessage `json:",omitempty"`
}
