package bus

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// A NATS server that is wronged by a client says how, and closes the connection:
//
//	-ERR 'Maximum Payload Violation'
//
// The client need not be at fault: a message may be on its way when the server begins to take smaller
// ones only. nats.go closes the connection for good on such a word, and whoever had it would be deaf from
// then on; without the word it connects again. So what may be a server's last word is kept back until
// something follows. If nothing does, the connection was lost as any other.
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

// naturalWords begin what nats.go has an answer to that isn't to close the connection for good.
var naturalWords = []string{
	"permissions violation", "authorization violation", "user authentication", "account authentication",
	"maximum subscriptions", "maximum connections", "maximum account", "stale connection",
}

// wordAtEnd returns where an error of the server begins that b ends with; len(b) if it doesn't, or
// nats.go knows better.
func wordAtEnd(b []byte) (begin int) {
	if !bytes.HasSuffix(b, []byte("'\r\n")) {
		return len(b)
	}
	if i := bytes.LastIndex(b[:len(b)-2], []byte("\r\n")); i >= 0 {
		begin = i + 2
	}
	word, isError := bytes.CutPrefix(b[begin:], []byte("-ERR '"))
	if !isError || slices.ContainsFunc(naturalWords, func(natural string) bool {
		return len(word) >= len(natural) && strings.EqualFold(string(word[:len(natural)]), natural)
	}) {
		return len(b)
	}
	return begin
}
