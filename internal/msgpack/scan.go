package msgpack

// Scan reports whether data is exactly one msgpack value that is safe to decode:
//
//   - every length fits the bytes that remain, and nothing trails;
//   - arrays and maps lie at most [MaxDepth] deep, with at most [MaxElements] values;
//   - keys of maps are scalars, because Go panics when it hashes others;
//   - the only extension is the timestamp, in one of its three sizes.
//
// Text isn't checked for UTF-8: a Go string is any bytes, and one that went in must
// come out. Scan is a single pass that neither recurses nor allocates; a refusal is
// a *[SyntaxError] and costs one small allocation.
func Scan(data []byte) error {
	return ScanWithin(data, MaxDepth)
}

// ScanWithin is [Scan] for a value that will lie inside others: its own arrays and maps lie at
// most maxDepth deep.
func ScanWithin(data []byte, maxDepth int) error {
	end, err := Skip(data, 0, maxDepth)
	if err != nil {
		return err
	}
	if end != len(data) {
		return &SyntaxError{Offset: end, Cause: ErrTrailing}
	}
	return nil
}

// ScanArray is [Scan] for data that must be an array; it returns how many elements
// the array has.
func ScanArray(data []byte) (int, error) {
	if err := Scan(data); err != nil {
		return 0, err
	}
	h, err := ReadHead(data, 0)
	if err != nil || h.Family != Array {
		return 0, &SyntaxError{Offset: 0, Cause: ErrNotArray}
	}
	return h.N, nil
}

// Skip checks the value that begins at off, with arrays and maps at most maxDepth
// deep, and returns where it ends. It refuses what [Scan] refuses. maxDepth is at most
// [MaxDepth].
func Skip(data []byte, off, maxDepth int) (int, error) {
	// Of each open array or map: the values still to come, doubled, plus one for a
	// map. The values of a map count keys too, so an even number means: a key is next.
	var open [MaxDepth]uint32
	depth, elements := 0, 0
	for {
		if off >= len(data) {
			return 0, &SyntaxError{Offset: len(data), Cause: ErrTruncated}
		}
		c := data[off]
		if size := int(fixedSize[c]); size != 0 {
			if size > len(data)-off {
				return 0, &SyntaxError{Offset: off, Cause: ErrTruncated}
			}
			off += size
		} else {
			h, err := ReadHead(data, off)
			if err != nil {
				return 0, err
			}
			if h.Family != Array && h.Family != Map {
				off = h.Body + h.N
			} else {
				if depth > 0 && open[depth-1]&3 == 1 {
					return 0, &SyntaxError{Offset: off, Cause: ErrMapKey}
				}
				if depth == maxDepth {
					return 0, &SyntaxError{Offset: off, Cause: ErrTooDeep}
				}
				values := uint32(h.N)
				isMap := uint32(0)
				if h.Family == Map {
					values, isMap = values*2, 1
				}
				if elements += int(values); elements > MaxElements {
					return 0, &SyntaxError{Offset: off, Cause: ErrTooMany}
				}
				off = h.Body
				if values > 0 {
					open[depth] = values<<1 | isMap
					depth++
					continue
				}
			}
		}
		// A value ended; so does every container whose last value it was.
		for depth > 0 {
			open[depth-1] -= 2
			if open[depth-1]>>1 != 0 {
				break
			}
			depth--
		}
		if depth == 0 {
			return off, nil
		}
	}
}
