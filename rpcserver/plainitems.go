package rpcserver

import (
	"fmt"

	"github.com/helium-rpc/helium/codec"
)

// What a caller sends as a stream, a plain request has as an array, behind the other arguments.

// plainItems are the items that a plain request has. Its zero value is of one without any.
type plainItems struct {
	reader codec.Reader
	left   int
	count  uint64
}

// take implements plainTaker: it takes those in the array behind so many arguments.
func (x *plainItems) take(args codec.Reader, arguments int) error {
	for range arguments {
		if err := args.Skip(); err != nil {
			return err
		}
	}
	if args.Nil() {
		return nil
	}
	n, err := args.ArrayHeader()
	if err != nil {
		return fmt.Errorf("the items of the stream, argument %d: %w", arguments+1, err)
	}
	x.reader, x.left = args, n
	return nil
}

// Next implements itemSource.
func (x *plainItems) Next() (*codec.Reader, error) {
	if x.left == 0 {
		return nil, nil
	}
	x.left--
	x.count++
	return &x.reader, nil
}

// Count implements itemSource.
func (x *plainItems) Count() uint64 { return x.count }

// plainSending answers a call whose caller sends its stream as an array, and gets a value.
type plainSending struct {
	answerer
	itemWraps
	plainItems
}

var _ itemised = (*plainSending)(nil)

func (s *plainSending) source() itemSource { return &s.plainItems }

func (*plainSending) put(call *Call, _ int, _ []byte, _ *codec.Writer) error {
	return errNoStream(call)
}
