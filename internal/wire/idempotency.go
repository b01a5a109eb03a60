package wire

import "fmt"

const (
	// IdempotencyKey is the name under which an idempotency key travels in a call's metadata.
	IdempotencyKey = "helium-idempotency-key"
	// MaxIdempotencyKey is the most bytes of one.
	MaxIdempotencyKey = 256
)

// CheckIdempotencyKey refuses what can't be an idempotency key.
func CheckIdempotencyKey(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("the idempotency key is empty; make one for each thing that is to be done, such as a UUID")
	case len(key) > MaxIdempotencyKey:
		return fmt.Errorf("the idempotency key has %d bytes; at most %d are allowed", len(key), MaxIdempotencyKey)
	}
	return nil
}
