package wire

import (
	"fmt"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// A stream is a call whose arguments, results or both are items that follow one another:
//
//	caller                                             instance
//	[11, sequence, …, how much it may send, arguments] ─▶
//	                     ◀─ [14, sequence, how much the caller may send]
//	[12, sequence, items before, how many, items] ─▶  ◀─ [12 …]
//	[15, …], a part of a large item ─▶                ◀─ [15 …]
//	[14 …] ─▶                                         ◀─ [14 …]
//	[20, sequence, what was sent so far, credit] ─▶   ◀─ [20 …]
//	[13, sequence, how many in all, error] ─▶         ◀─ [13 …]
//	                                                  ◀─ [2 …] or [3 …], which ends it
//
// What goes to the instance goes where cancels go, but for the first frame.

// Terms are what a stream begins with, beside what a call has.
type Terms struct {
	// Lasts is how long the stream may last, in milliseconds; 0: as long as it takes. The time
	// left of its frame is that for its beginning.
	Lasts uint64
	// Credit is for the items that the instance sends.
	Credit Credit
}

// Credit is how much may be sent since the stream began, all in all, so that a credit which got
// lost is made up for by the next one. Another item may leave as long as less was sent of both,
// whatever its size: so one that is larger than all that is given at once leaves, too.
type Credit struct {
	// Bytes is how many bytes of items, Items how many of them.
	Bytes, Items uint64
}

// Items are some that follow one another.
type Items struct {
	// Before is how many items of the stream came before these, and Count how many these are.
	Before, Count uint64
	// Data are the items, msgpack values one after another.
	Data []byte
	// Waited says that there was no credit for these items when they were there.
	Waited bool
}

// waited is how a frame of items says that they have waited for credit. One that doesn't say so ends before.
const waited = 1

// ItemsEnd says that no more items come.
type ItemsEnd struct {
	// Count is how many there were in all.
	Count uint64
	// Err is why they ended; nil: there are no more.
	Err *helium.Error
}

// Account is what one end has sent so far, and how much it may as far as it knows. The other end learns from
// it what got lost, either way.
type Account struct {
	// Items is how many items have left whole, and Part how many bytes of the next one.
	Items, Part uint64
	// Credit is the greatest that has come.
	Credit Credit
}

// AppendItems appends the body of a [KindItems].
func AppendItems(b []byte, items Items) []byte {
	b = msgpack.AppendUint(b, items.Before)
	b = msgpack.AppendUint(b, items.Count)
	b = msgpack.AppendBytes(b, items.Data)
	if items.Waited {
		b = msgpack.AppendUint(b, waited)
	}
	return b
}

// ReadItems reads the body of a [KindItems].
func ReadItems(body []byte) (items Items, err error) {
	r := msgpack.NewReader(body)
	if items.Before, err = r.Unsigned(); err != nil {
		return Items{}, fmt.Errorf("items: how many came before: %w", err)
	}
	if items.Count, err = r.Unsigned(); err != nil {
		return Items{}, fmt.Errorf("items: how many: %w", err)
	}
	if items.Data, err = r.Binary(); err != nil {
		return Items{}, fmt.Errorf("items: %w", err)
	}
	if items.Count == 0 || items.Count > uint64(len(items.Data)) {
		return Items{}, fmt.Errorf("items: %d in %d bytes", items.Count, len(items.Data))
	}
	items.Waited = readWaited(&r)
	return items, nil
}

// readWaited reads what may stand behind items. Anything else than that they have waited is from a newer version.
func readWaited(r *msgpack.Reader) bool {
	if r.Len() == 0 {
		return false
	}
	says, err := r.Unsigned()
	return err == nil && says == waited
}

// AppendItemsEnd appends the body of a [KindItemsEnd].
func AppendItemsEnd(b []byte, end ItemsEnd) []byte {
	b = msgpack.AppendUint(b, end.Count)
	if end.Err == nil {
		return msgpack.AppendNil(b)
	}
	return AppendError(b, end.Err)
}

// ReadItemsEnd reads the body of a [KindItemsEnd].
func ReadItemsEnd(body []byte) (end ItemsEnd, err error) {
	r := msgpack.NewReader(body)
	if end.Count, err = r.Unsigned(); err != nil {
		return ItemsEnd{}, fmt.Errorf("end of items: how many: %w", err)
	}
	if r.Nil() {
		return end, nil
	}
	raw, err := r.Raw()
	if err == nil {
		end.Err, err = ReadError(raw)
	}
	if err != nil {
		return ItemsEnd{}, fmt.Errorf("end of items: why: %w", err)
	}
	return end, nil
}

// AppendCredit appends the body of a [KindCredit].
func AppendCredit(b []byte, credit Credit) []byte {
	return msgpack.AppendUint(msgpack.AppendUint(b, credit.Bytes), credit.Items)
}

// ReadCredit reads the body of a [KindCredit].
func ReadCredit(body []byte) (credit Credit, err error) {
	r := msgpack.NewReader(body)
	if credit.Bytes, err = r.Unsigned(); err == nil {
		credit.Items, err = r.Unsigned()
	}
	if err != nil {
		return Credit{}, fmt.Errorf("credit: %w", err)
	}
	return credit, nil
}

// AppendAccount appends the body of a [KindAccount].
func AppendAccount(b []byte, a Account) []byte {
	return AppendCredit(msgpack.AppendUint(msgpack.AppendUint(b, a.Items), a.Part), a.Credit)
}

// ReadAccount reads the body of a [KindAccount].
func ReadAccount(body []byte) (a Account, err error) {
	r := msgpack.NewReader(body)
	for _, to := range []*uint64{&a.Items, &a.Part, &a.Credit.Bytes, &a.Credit.Items} {
		if *to, err = r.Unsigned(); err != nil {
			return Account{}, fmt.Errorf("account of a stream: %w", err)
		}
	}
	return a, nil
}

// append appends the elements of terms.
func (t *Terms) append(b []byte) []byte {
	return AppendCredit(msgpack.AppendUint(b, t.Lasts), t.Credit)
}

// readTerms reads the elements of terms.
func readTerms(r *msgpack.Reader) (*Terms, error) {
	t := new(Terms)
	for _, to := range []*uint64{&t.Lasts, &t.Credit.Bytes, &t.Credit.Items} {
		v, err := r.Unsigned()
		if err != nil {
			return nil, err
		}
		*to = v
	}
	return t, nil
}

// appendNumbered appends an array of a kind, a sequence number and the elements in a body.
func appendNumbered(b []byte, kind, seq uint64, body []byte) []byte {
	n := 2
	for r := msgpack.NewReader(body); r.Len() > 0 && r.Skip() == nil; {
		n++
	}
	b = msgpack.AppendUint(msgpack.AppendArrayHeader(b, n), kind)
	return append(msgpack.AppendUint(b, seq), body...)
}
