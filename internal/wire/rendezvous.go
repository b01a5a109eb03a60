package wire

// All who call by a key pick the same instance for it, in whatever language they are written:
// of those that they know the one with the greatest weight (rendezvous hashing). An instance
// that goes moves only its own keys, one that comes only those that it takes. docs/protocol.md
// is the same in prose.

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// Hash returns the hash of a key, or of an instance's name, that [Weight] takes: FNV-1a of
// its bytes, mixed.
func Hash(text string) uint64 {
	h := uint64(fnvOffset)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * fnvPrime
	}
	return mix(h)
}

// Weight returns the weight of an instance for a key, both by their hashes. Of equal weights
// the instance counts whose name comes first.
func Weight(key, instance uint64) uint64 { return mix(key ^ instance) }

// mix is the finalizer of SplitMix64: each bit of x moves each bit of the result with a
// probability of about a half, and no two x have the same result.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
