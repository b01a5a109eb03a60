package link

// busPart is how large the parts are at most in which an item of a stream goes by the bus that fits no message, in
// bytes. A NATS server reads 64 KiB at a time, and copies messages that come in two reads, as larger ones mostly
// do. Chosen by measurement, see docs/performance.md.
const busPart = 24 << 10

// Splitter is a [Server] by which parts of items travel faster if they are small.
type Splitter interface {
	// ItemPart is how large a part is at most, in bytes.
	ItemPart() int
}

// ItemPart implements [Splitter].
func (b *ServerBus) ItemPart() int { return busPart }

// ItemPart returns how large a part of an item is at most by the link that a call has left by, in bytes; 0: only
// messages bound it. It is called while nobody else can end the call.
func (d *Dispatcher) ItemPart(c *Call) int {
	if d.LeftByBus(c) {
		return busPart
	}
	return 0
}
