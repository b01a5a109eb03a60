package link

// busPart is how large an item of a stream goes in one message by the bus, in bytes, and how large the parts of a
// larger one are. A NATS server reads so many bytes at a time that large messages often come in two reads,
// and copies these. Chosen by measurement, see docs/performance.md.
const busPart = 24 << 10

// Splitter is a [Server] by which items of streams travel faster in parts than whole.
type Splitter interface {
	// ItemPart is how large a part is at most, in bytes.
	ItemPart() int
}

// ItemPart implements [Splitter].
func (b *ServerBus) ItemPart() int { return busPart }

// ItemPart returns how large a part of an item is at most by the link that a call has left by, in bytes; 0: items
// travel faster whole. It is called while nobody else can end the call.
func (d *Dispatcher) ItemPart(c *Call) int {
	if d.LeftByBus(c) {
		return busPart
	}
	return 0
}
