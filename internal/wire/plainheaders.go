package wire

import (
	"fmt"
	"strconv"
	"time"
)

const (
	// TimeoutHeader is the header by which a plain request says how long it waits, in milliseconds.
	TimeoutHeader = "Helium-Timeout"
	// ItemsHeader is the header of the message that ends the answer to a plain request whose method
	// returns a stream: how many items there were.
	ItemsHeader = "Helium-Items"
)

// ReadTimeout reads the value of a [TimeoutHeader].
func ReadTimeout(text string) (time.Duration, error) {
	ms, err := strconv.ParseUint(text, 10, 64)
	if err != nil || ms == 0 {
		return 0, fmt.Errorf("the header %s is %.64q; want a number of milliseconds above 0", TimeoutHeader, text)
	}
	return time.Duration(min(ms, uint64(MaxTime/time.Millisecond))) * time.Millisecond, nil
}
