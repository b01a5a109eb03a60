package wire

import "encoding/json"

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
