package codec

import (
	"time"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// appendPlain appends the types that calls are mostly made of, without reflection.
func appendPlain(b []byte, v any) ([]byte, bool) {
	switch v := v.(type) {
	case nil:
		return msgpack.AppendNil(b), true
	case bool:
		return msgpack.AppendBool(b, v), true
	case int:
		return msgpack.AppendInt(b, int64(v)), true
	case int8:
		return msgpack.AppendInt(b, int64(v)), true
	case int16:
		return msgpack.AppendInt(b, int64(v)), true
	case int32:
		return msgpack.AppendInt(b, int64(v)), true
	case int64:
		return msgpack.AppendInt(b, v), true
	case uint:
		return msgpack.AppendUint(b, uint64(v)), true
	case uint8:
		return msgpack.AppendUint(b, uint64(v)), true
	case uint16:
		return msgpack.AppendUint(b, uint64(v)), true
	case uint32:
		return msgpack.AppendUint(b, uint64(v)), true
	case uint64:
		return msgpack.AppendUint(b, v), true
	case float32:
		return msgpack.AppendFloat32(b, v), true
	case float64:
		return msgpack.AppendFloat64(b, v), true
	case string:
		return msgpack.AppendString(b, v), true
	case []byte:
		return msgpack.AppendBytes(b, v), true
	case time.Time:
		return msgpack.AppendTime(b, v), true
	case time.Duration:
		return msgpack.AppendInt(b, int64(v)), true
	}
	return b, false
}
