package wire

import (
	"bytes"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// Whole makes the message that holds only f, whose body is what w has taken, behind what
// opens the message: its header, and frames about its sender. It is made in w's memory if w
// has the room for f's metadata. The message is memory[begin:]; what stands in front of it is free.
func Whole(opening []byte, f *Frame, w *codec.Writer) (memory []byte, begin int) {
	var prefix [Room]byte
	if f.Method == "" && len(opening)+frameOverhead+streamOverhead+len(f.Metadata) <= Room {
		if memory, begin, ok := inFront(appendHead(append(prefix[:0], opening...), f), w); ok {
			return memory, begin
		}
	}
	return AppendFrame(bytes.Clone(opening), f), 0
}

// WholeItems makes the message of items of a stream, as [Whole] does: their data are what w has taken.
func WholeItems(opening []byte, seq uint64, items Items, w *codec.Writer) (memory []byte, begin int) {
	var prefix [Room]byte
	elements := 5
	if items.Waited {
		elements++
	}
	head := append(prefix[:0], opening...)
	head = msgpack.AppendUint(msgpack.AppendArrayHeader(head, elements), uint64(KindItems))
	head = msgpack.AppendUint(msgpack.AppendUint(head, seq), items.Before)
	head = msgpack.AppendBytesHeader(msgpack.AppendUint(head, items.Count), len(w.Bytes()))
	memory, begin, ok := inFront(head, w)
	if !ok {
		memory, begin = append(bytes.Clone(head), w.Bytes()...), 0
	}
	if items.Waited {
		memory = msgpack.AppendUint(memory, waited)
	}
	return memory, begin
}

// inFront writes a head so that it ends where begins what w has taken, if w has the room.
func inFront(head []byte, w *codec.Writer) (memory []byte, begin int, ok bool) {
	memory = w.Buffer()
	if begin = len(memory) - len(w.Bytes()) - len(head); begin < 0 {
		return nil, 0, false
	}
	copy(memory[begin:], head)
	return memory, begin, true
}
