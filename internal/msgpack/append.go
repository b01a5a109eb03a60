package msgpack

import (
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// The Append functions add one msgpack value, or the head of one, to b and return
// the extended slice. They use the shortest form of every value and can't fail.

// AppendNil appends nil.
func AppendNil(b []byte) []byte { return append(b, 0xc0) }

// AppendBool appends v.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 0xc3)
	}
	return append(b, 0xc2)
}

// AppendInt appends v in one to nine bytes.
func AppendInt(b []byte, v int64) []byte {
	switch {
	case v >= 0:
		return AppendUint(b, uint64(v))
	case v >= -32:
		return append(b, byte(v))
	case v >= math.MinInt8:
		return append(b, 0xd0, byte(v))
	case v >= math.MinInt16:
		return append16(b, 0xd1, uint16(v))
	case v >= math.MinInt32:
		return append32(b, 0xd2, uint32(v))
	}
	return append64(b, 0xd3, uint64(v))
}

// AppendUint appends v in one to nine bytes.
func AppendUint(b []byte, v uint64) []byte {
	switch {
	case v <= math.MaxInt8:
		return append(b, byte(v))
	case v <= math.MaxUint8:
		return append(b, 0xcc, byte(v))
	case v <= math.MaxUint16:
		return append16(b, 0xcd, uint16(v))
	case v <= math.MaxUint32:
		return append32(b, 0xce, uint32(v))
	}
	return append64(b, 0xcf, v)
}

// AppendFloat32 appends v in five bytes.
func AppendFloat32(b []byte, v float32) []byte { return append32(b, 0xca, math.Float32bits(v)) }

// AppendFloat64 appends v in nine bytes, integral or not.
func AppendFloat64(b []byte, v float64) []byte { return append64(b, 0xcb, math.Float64bits(v)) }

// AppendString appends v as text. Any bytes go; valid UTF-8 is what other languages
// can read.
func AppendString(b []byte, v string) []byte {
	n := len(v)
	switch {
	case n < 32:
		b = append(b, 0xa0|byte(n))
	case n <= math.MaxUint8:
		b = append(b, 0xd9, byte(n))
	case n <= math.MaxUint16:
		b = append16(b, 0xda, uint16(n))
	default:
		b = append32(b, 0xdb, uint32(n))
	}
	return append(b, v...)
}

// AppendBytes appends v as bin, and a nil v as nil.
func AppendBytes(b []byte, v []byte) []byte {
	if v == nil {
		return AppendNil(b)
	}
	return append(AppendBytesHeader(b, len(v)), v...)
}

// AppendBytesHeader announces bytes, of which n follow.
func AppendBytesHeader(b []byte, n int) []byte {
	switch {
	case n <= math.MaxUint8:
		return append(b, 0xc4, byte(n))
	case n <= math.MaxUint16:
		return append16(b, 0xc5, uint16(n))
	}
	return append32(b, 0xc6, uint32(n))
}

// AppendTime appends v as msgpack's timestamp: an instant to the nanosecond. The
// zone isn't sent.
func AppendTime(b []byte, v time.Time) []byte {
	seconds, nanos := uint64(v.Unix()), uint64(v.Nanosecond())
	// The bit patterns are those of the specification: 32 bits of seconds, or 30 of
	// nanoseconds above 34 of seconds, or 32 and 64.
	switch {
	case seconds>>34 != 0:
		b = append(b, 0xc7, 12, 0xff)
		b = binary.BigEndian.AppendUint32(b, uint32(nanos))
		return binary.BigEndian.AppendUint64(b, seconds)
	case nanos != 0 || seconds>>32 != 0:
		b = append(b, 0xd7, 0xff)
		return binary.BigEndian.AppendUint64(b, nanos<<34|seconds)
	}
	b = append(b, 0xd6, 0xff)
	return binary.BigEndian.AppendUint32(b, uint32(seconds))
}

// AppendArrayHeader begins an array; the caller appends its n elements.
func AppendArrayHeader(b []byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, 0x90|byte(n))
	case n <= math.MaxUint16:
		return append16(b, 0xdc, uint16(n))
	}
	return append32(b, 0xdd, uint32(n))
}

// AppendMapHeader begins a map; the caller appends n pairs of key and value.
func AppendMapHeader(b []byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, 0x80|byte(n))
	case n <= math.MaxUint16:
		return append16(b, 0xde, uint16(n))
	}
	return append32(b, 0xdf, uint32(n))
}

// AppendStringMap appends m with its keys sorted, so that equal maps are equal bytes.
// A nil m is nil.
func AppendStringMap(b []byte, m map[string]string) []byte {
	if m == nil {
		return AppendNil(b)
	}
	b = AppendMapHeader(b, len(m))
	if len(m) < 2 {
		for key, value := range m {
			b = AppendString(AppendString(b, key), value)
		}
		return b
	}
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		b = AppendString(AppendString(b, key), m[key])
	}
	return b
}

func append16(b []byte, c byte, v uint16) []byte {
	return append(b, c, byte(v>>8), byte(v))
}

func append32(b []byte, c byte, v uint32) []byte {
	return append(b, c, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

func append64(b []byte, c byte, v uint64) []byte {
	return append(b, c, byte(v>>56), byte(v>>48), byte(v>>40), byte(v>>32),
		byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}
