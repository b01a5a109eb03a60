package wire

import (
	"encoding/json"
	"fmt"
)

// CapturedBy returns the JetStream stream that a message is the acknowledgement of, "" if
// it is something else. A stream whose subjects cover those of Helium acknowledges each
// request there, which no reader may take for an answer.
func CapturedBy(data []byte) (stream string) {
	if len(data) == 0 || data[0] != '{' {
		return ""
	}
	var ack struct {
		Stream string          `json:"stream"`
		Seq    json.RawMessage `json:"seq"`
		Error  json.RawMessage `json:"error"`
	}
	if json.Unmarshal(data, &ack) != nil || ack.Seq == nil && ack.Error == nil {
		return ""
	}
	return ack.Stream
}

// Captured says what is wrong where a stream acknowledges what is sent to a subject, and
// what to do.
func Captured(stream, subject string) string {
	return fmt.Sprintf("the JetStream stream %q captures %s, and acknowledges what is sent there; take the subject out of the stream's, with \"nats stream edit %s\"", stream, subject, stream)
}
