package part

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/rpcclient"
)

// carryMethod returns the large value that it gets.
const carryMethod = "carry"

// Carry returns a large value, which it got whole.
func (w *work) Carry(id int64, data []byte) ([]byte, error) {
	leave := w.enterWith(id)
	var e ledger.Entry
	defer func() { leave(e) }()
	if !bytes.Equal(data, largeValue(id, len(data))) {
		e.Foreign = 1
		return nil, fmt.Errorf("other bytes came than those of call %d", id)
	}
	return data, nil
}

// largeCaller returns what makes one call of a load with a large value.
func largeCaller(c *rpcclient.Client, l Load) caller {
	return func(ctx context.Context, id int64, end *ledger.Entry) error {
		data := largeValue(id, l.Size)
		back, err := rpcclient.Call[[]byte](ctx, c, ServiceName+"."+carryMethod, id, data)
		end.Wrong = err == nil && !bytes.Equal(back, data)
		return err
	}
}

// largeValue is so many bytes that no other number has, nor any other place among them.
func largeValue(id int64, size int) []byte {
	data := make([]byte, 0, size+8)
	for at := 0; at < size; at += 8 {
		data = binary.LittleEndian.AppendUint64(data, uint64(id)<<32+uint64(at))
	}
	return data[:size]
}
