package stream

import (
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/wire"
)

// FewKept is up to which size memory for items that leave together is kept, in bytes. There may be ten thousand streams.
const FewKept = 1 << 10

// Sizes say how items leave, by their size in bytes.
type Sizes struct {
	Whole int // up to which one leaves in one message
	Part  int // of the parts of larger ones, at most; 0: the other end takes none
	Most  int // beyond which one doesn't leave
}

// SizesOf returns how items leave: in messages of so many bytes, and where the other end takes parts, those beyond
// that or a window in such as travel fastest, up to a largest item. Fastest is 0 where only the message bounds a part.
func SizesOf(message, fastest, largest int, takesParts bool) Sizes {
	if message <= 0 {
		message = wire.UsualPayload
	}
	s := Sizes{Whole: message - wire.ItemsOverhead}
	s.Most = s.Whole
	if takesParts {
		s.Most = max(s.Whole, largest)
		s.Whole = min(s.Whole, Window) // beyond that one takes room of its reader's process
		s.Part = min(chunks.Part, message-wire.PartOverhead)
		if fastest > 0 {
			s.Part = min(s.Part, fastest)
		}
	}
	return s
}
