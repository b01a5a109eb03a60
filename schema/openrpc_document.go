package schema

import "encoding/json"

// document is the root of an OpenRPC document.
// Source: https://spec.open-rpc.org/#openrpc-object
type document struct {
	OpenRPC    string      `json:"openrpc"`
	Info       info        `json:"info"`
	Methods    []rpcMethod `json:"methods"`
	Components *components `json:"components,omitempty"`
}

type info struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	Version     string `json:"version"`
}

type components struct {
	Schemas Properties `json:"schemas"`
}

// rpcMethod is a method, with what only Helium knows in fields that begin with x-.
type rpcMethod struct {
	Name           string              `json:"name"`
	Tags           []tag               `json:"tags,omitempty"`
	Summary        string              `json:"summary,omitempty"`
	Description    string              `json:"description,omitempty"`
	ParamStructure string              `json:"paramStructure"`
	Params         []contentDescriptor `json:"params"`
	Result         *contentDescriptor  `json:"result"`
	Errors         []rpcError          `json:"errors,omitempty"`
	Examples       []examplePairing    `json:"examples,omitempty"`
	Subject        string              `json:"x-helium-subject"`
	Signature      string              `json:"x-helium-signature"`
	Idempotent     bool                `json:"x-helium-idempotent"`
}

type tag struct {
	Name string `json:"name"`
}

type contentDescriptor struct {
	Name     string  `json:"name"`
	Required bool    `json:"required,omitempty"`
	Schema   *Schema `json:"schema"`
	// Variadic marks a parameter without a name that repeats, which OpenRPC can't say.
	Variadic bool `json:"x-helium-variadic,omitempty"`
	// Stream marks an array whose items come one by one, or would if a plain request could send them so.
	Stream bool `json:"x-helium-stream,omitempty"`
}

type rpcError struct {
	Code    int       `json:"code"`
	Message string    `json:"message"`
	Data    errorData `json:"data"`
}

type errorData struct {
	Code    string   `json:"code"`
	Reasons []string `json:"reasons"`
}

type examplePairing struct {
	Name   string    `json:"name"`
	Params []example `json:"params"`
	Result *example  `json:"result,omitempty"`
}

type example struct {
	Name  string          `json:"name"`
	Value json.RawMessage `json:"value"`
}
