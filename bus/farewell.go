package bus

import (
	"bytes"
	"fmt"
	"strings"
)

// A NATS server that gets a message which is larger than it takes says so, and closes the connection:
//
//	-ERR 'Maximum Payload Violation'
//
// The client need not be at fault: a message may be on its way when the server begins to take smaller
// ones only. nats.go closes the connection for good on such a word, and whoever had it would be deaf from
// then on; without the word it connects again. So it is kept back until something follows. If nothing
// does, the connection was lost as any other. What else a server closes a connection for, such as a
// subject that is too long, would come again with the next connection, and stays an error.
//
// What is said under TLS or on a websocket can't be seen here.

// A farewell is the end of what a connection says. Only its one reader uses it.
type farewell struct {
	end error // once what came before it was read; nil: it isn't known yet
}

// read reads with a function. The last word of a server it returns as the error that it is.
func (f *farewell) read(read func([]byte) (int, error), b []byte) (n int, err error) {
	if f.end != nil {
		return 0, f.end
	}
	for n, err = read(b); err == nil && n < len(b); {
		begin := wordAtEnd(b[:n])
		if begin == n {
			break
		}
		var more int
		if more, err = read(b[n:]); more > 0 {
			n += more // it wasn't the last one
			continue
		}
		if err != nil {
			f.end = fmt.Errorf("the server closed the connection, %s: %w", strings.TrimSpace(string(b[begin:n])), err)
			if begin > 0 {
				return begin, nil
			}
			return 0, f.end
		}
	}
	return n, err
}

// tooLarge is the word that is kept back, in whatever case servers write it.
var tooLarge = []byte("-ERR 'Maximum Payload Violation'\r\n")

// wordAtEnd returns where the word begins that b ends with; len(b) if it doesn't.
func wordAtEnd(b []byte) (begin int) {
	begin = len(b) - len(tooLarge)
	if begin < 0 || !bytes.EqualFold(b[begin:], tooLarge) || begin > 0 && b[begin-1] != '\n' {
		return len(b)
	}
	return begin
}
