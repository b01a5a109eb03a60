package codec

import "math"

// dynamic reads the next value into the Go type that is natural for it:
//
//	integer    int64, or uint64 above the largest int64
//	float      float64
//	text       string
//	bin        []byte
//	array      []any
//	map        map[string]any, or map[any]any if a key isn't text (a bin key is a string)
//	timestamp  time.Time in UTC
func (r *Reader) dynamic() (any, error) {
	h, err := r.head()
	if err != nil {
		return nil, err
	}
	switch h.family {
	case nilFamily:
		r.off++
		return nil, nil
	case boolFamily:
		return r.Bool()
	case intFamily:
		n, err := r.number()
		if n.form == positive && n.bits > math.MaxInt64 {
			return n.bits, err
		}
		return int64(n.bits), err
	case floatFamily:
		return r.Float64()
	case stringFamily:
		return r.String()
	case bytesFamily:
		return r.Bytes()
	case timeFamily:
		return r.Time()
	case arrayFamily:
		return r.dynamicArray()
	}
	return r.dynamicMap()
}

func (r *Reader) dynamicArray() (any, error) {
	n, err := r.ArrayHeader()
	if err != nil {
		return nil, err
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	s := make([]any, 0, min(n, 64))
	for i := range n {
		v, err := r.dynamic()
		if err != nil {
			return nil, inside(indexOf(i), err)
		}
		s = append(s, v)
	}
	r.done()
	return s, nil
}

func (r *Reader) dynamicMap() (any, error) {
	n, err := r.MapHeader()
	if err != nil {
		return nil, err
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	byName := make(map[string]any, min(n, maxMapHint))
	// byKey takes over from the first key that isn't text.
	var byKey map[any]any
	for range n {
		key, err := r.dynamicKey()
		if err != nil {
			return nil, inside(keySegment, err)
		}
		name, isText := key.(string)
		segment := keySegment
		if isText {
			segment = nameOf(name)
		}
		value, err := r.dynamic()
		if err != nil {
			return nil, inside(segment, err)
		}
		if !isText && byKey == nil {
			byKey = make(map[any]any, len(byName)+1)
			for k, v := range byName {
				byKey[k] = v
			}
		}
		if byKey != nil {
			byKey[key] = value
		} else {
			byName[name] = value
		}
	}
	r.done()
	if byKey != nil {
		return byKey, nil
	}
	return byName, nil
}

// dynamicKey reads the key of a map into a type that Go can hash: a bin is a string.
func (r *Reader) dynamicKey() (any, error) {
	if err := r.scalarNext(); err != nil {
		return nil, err
	}
	key, err := r.dynamic()
	if b, ok := key.([]byte); ok {
		return string(b), err
	}
	return key, err
}
