package stream_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
)

// parted is a pair whose items travel in parts of so many bytes.
type parted struct {
	*pair
	size  int
	given atomic.Uint64 // bytes that may be sent in all
}

func newParted(size int) *parted {
	p := &parted{pair: &pair{pool: new(stream.Pool)}, size: size}
	p.in = stream.NewReceiver(p.pool, bounds, func(credit wire.Credit) {
		p.given.Store(credit.Bytes)
		p.out.Grant(credit)
	})
	p.out = stream.NewSender(p.in.Open(), func(items wire.Items) { p.carry(items, 0) }, p.account)
	return p
}

func (p *parted) sendAll(values []any) {
	for _, v := range values {
		if !p.out.SendParts(encode(v), p.size, p.carryPart) {
			return
		}
	}
	p.in.End(p.out.Close(), nil)
}

func (p *parted) carryPart(part wire.Part) {
	part.Data = bytes.Clone(part.Data)
	p.in.ArrivePart(part)
}

func TestItemsInPartsArriveWholeWhateverTheSizesAre(t *testing.T) {
	var values []any
	for _, size := range []int{1, 100, 16 << 10, 24 << 10, 64 << 10, stream.Window - 5, stream.Window, 1 << 20, stream.MaxWindow + 1, 7_999_999} {
		values = append(values, bytes.Repeat([]byte{byte(size), 2, 3}, size/3+1)[:size])
	}
	for _, size := range []int{1000, 24 << 10, 256 << 10, 9 << 20} {
		p := newParted(size)
		go p.sendAll(values)
		got, err := p.readAll(0)
		if err != nil || len(got) != len(values) {
			t.Fatalf("in parts of %d: got %d items, %v; want %d", size, len(got), err, len(values))
		}
		for i := range got {
			if !bytes.Equal(got[i].([]byte), values[i].([]byte)) {
				t.Errorf("in parts of %d: item %d isn't what was sent", size, i)
			}
		}
		sent := 0
		for _, v := range values {
			sent += len(encode(v))
		}
		if given := p.given.Load(); given > uint64(sent+stream.MaxWindow) {
			t.Errorf("in parts of %d: credit was given for %d bytes, of which %d came; want a window more at most", size, given, sent)
		}
		p.in.Close()
		if left, room := p.pool.Taken(), chunks.Taken(); left != 0 || room != 0 {
			t.Errorf("in parts of %d: %d bytes of credit and %d of room aren't given back", size, left, room)
		}
	}
}

func TestOfAnItemThatNobodyReadsAWindowIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParted(24 << 10)
		left := 0
		go p.out.SendParts(make([]byte, 8<<20), p.size, func(part wire.Part) {
			left += len(part.Data)
			p.carryPart(part)
		})
		synctest.Wait()
		if left < stream.Window || left > stream.Window+p.size {
			t.Errorf("%d bytes have left, want a window of %d", left, stream.Window)
		}
		p.out.Stop()
		p.in.Close()
		if room := chunks.Taken(); room != 0 {
			t.Errorf("%d bytes of room are taken, want none", room)
		}
	})
}

// part is a part of the first item.
func part(length, offset, size int) wire.Part {
	return wire.Part{Length: uint64(length), Offset: uint64(offset), Data: make([]byte, size)}
}

func TestPartsThatDoNotComeAsAnnouncedEndTheStreamBehindItsItems(t *testing.T) {
	behind := func(p wire.Part, before uint64) wire.Part {
		p.Before = before
		return p
	}
	items := wire.Items{Before: 1, Count: 1, Data: []byte{1}}
	for name, c := range map[string]struct {
		arrive []any // parts and items; behind one item
		end    uint64
		want   error
		says   string
	}{
		"the first part lost":          {[]any{part(100, 50, 50)}, 2, helium.ErrStreamGap, "bytes 0 to 49 of item 2 of the stream got lost"},
		"one lost in the middle":       {[]any{part(100, 0, 50), part(100, 60, 40)}, 2, helium.ErrStreamGap, "bytes 50 to 59 of item 2 of the stream got lost"},
		"the last one lost":            {[]any{part(100, 0, 50)}, 2, helium.ErrStreamGap, "items 2 to 2 of the stream got lost"},
		"the last one lost unsaid":     {[]any{part(100, 0, 50)}, 1, helium.ErrStreamGap, "bytes 50 to 99 of item 2 of the stream got lost"},
		"one that came twice":          {[]any{part(100, 0, 50), part(100, 0, 50)}, 2, helium.ErrStreamGap, "bytes 0 to 49 of item 2 of the stream came twice"},
		"parts that overlap":           {[]any{part(100, 0, 50), part(100, 40, 50)}, 2, helium.ErrStreamGap, "bytes 40 to 49 of item 2 of the stream came twice"},
		"another length":               {[]any{part(100, 0, 50), part(120, 50, 70)}, 2, helium.ErrBadMessage, "item 2 of the stream has 100 bytes by one of its parts and 120 by another one"},
		"items among the parts":        {[]any{part(100, 0, 50), items}, 2, helium.ErrStreamGap, "bytes 50 to 99 of item 2 of the stream got lost"},
		"the next item among them":     {[]any{part(100, 0, 50), behind(part(100, 0, 50), 2)}, 3, helium.ErrStreamGap, "items 2 to 2 of the stream got lost"},
		"one of an item that was read": {[]any{behind(part(100, 0, 100), 0)}, 2, helium.ErrStreamGap, "items 1 to 1 of the stream came twice"},
		"an item that is too large":    {[]any{part(9<<20, 0, 50)}, 2, helium.ErrTooLarge, "item 2 of the stream has 9437184 bytes; this side takes at most 8388608, see the test"},
		"more than all that was given": {[]any{part(1<<20, 0, stream.Window), part(1<<20, stream.Window, 1)}, 2, helium.ErrBadMessage, "the other end of the stream sent more than it may"},
	} {
		p := &pair{pool: new(stream.Pool)}
		p.in = stream.NewReceiver(p.pool, bounds, func(wire.Credit) {})
		p.in.Open()
		p.in.Arrive(wire.Items{Count: 1, Data: []byte{7}})
		for _, a := range c.arrive {
			switch a := a.(type) {
			case wire.Items:
				p.in.Arrive(a)
			case wire.Part:
				if a.Before == 0 && name != "one of an item that was read" {
					a.Before = 1
				}
				p.in.ArrivePart(a)
			}
		}
		p.in.End(c.end, nil)
		got, err := p.readAll(0)
		if len(got) != 1 || !errors.Is(err, c.want) || helium.AsError(err).Message != c.says {
			t.Errorf("%s: got %d items, %v; want 1, %q", name, len(got), err, c.says)
		}
		p.in.ArrivePart(part(100, 0, 100)) // of a stream that is over
		p.in.Close()
		if left, room := p.pool.Taken(), chunks.Taken(); left != 0 || room != 0 {
			t.Errorf("%s: %d bytes of credit and %d of room aren't given back", name, left, room)
		}
	}
}

func TestAnItemThatIsNeverFinishedEndsItsStreamAndItsRoomIsGivenBack(t *testing.T) {
	for name, drip := range map[string]int{"nothing more comes": 0, "a byte comes now and then": 1} {
		synctest.Test(t, func(t *testing.T) {
			p := &pair{pool: new(stream.Pool)}
			p.in = stream.NewReceiver(p.pool, bounds, func(wire.Credit) {})
			p.in.Open()
			over := make(chan struct{})
			go func() {
				defer close(over)
				got, err := p.readAll(0)
				if len(got) != 0 || !errors.Is(err, helium.ErrStreamGap) || !strings.Contains(err.Error(), "hardly anything of item 1") {
					t.Errorf("%s: got %d items, %v; want an ErrStreamGap that says so", name, len(got), err)
				}
				p.in.Close()
			}()
			began, sent := time.Now(), 200<<10
			p.in.ArrivePart(part(1<<20, 0, sent))
			synctest.Wait()
			if room := chunks.Taken(); room != 1<<20 {
				t.Errorf("%s: %d bytes of room are taken, want those of the item", name, room)
			}
			for alive := drip > 0; alive; {
				select {
				case <-over:
					alive = false
				case <-time.After(100 * time.Millisecond):
					p.in.ArrivePart(part(1<<20, sent, drip))
					sent += drip
				}
			}
			<-over
			if took := time.Since(began); took > 2*chunks.Stall {
				t.Errorf("%s: it took %v, want at most %v", name, took, 2*chunks.Stall)
			}
			if room := chunks.Taken(); room != 0 {
				t.Errorf("%s: %d bytes of room are taken, want none", name, room)
			}
		})
	}
}

// takeAll takes all room that others leave, and that of the item which always has some.
func takeAll(t *testing.T) (leave func()) {
	all := chunks.TakeRoom(chunks.MaxTogether)
	one := chunks.AwaitRoom(bounds().Way, "", 0).Take()
	if all == nil || one == nil {
		t.Fatal("some room is taken")
	}
	return func() {
		all.Leave()
		one.Leave()
	}
}

func TestHugeItemsWaitForRoomInTheProcessAndAreToldIfThereIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := takeAll(t)
		ends := make(chan error, 3)
		read := func(value []byte) *parted {
			p := newParted(24 << 10)
			go p.sendAll([]any{value})
			go func() {
				got, err := p.readAll(0)
				if err == nil && (len(got) != 1 || !bytes.Equal(got[0].([]byte), value)) {
					err = fmt.Errorf("got %d items, want the one that was sent", len(got))
				}
				p.in.Close()
				p.out.Stop()
				ends <- err
			}()
			return p
		}
		read(make([]byte, 100_000)) // within the window, it needs none
		if err := <-ends; err != nil {
			t.Errorf("an item smaller than a window ended with %v", err)
		}
		read(make([]byte, 2<<20))
		time.Sleep(chunks.Stall / 2)
		leave()
		if err := <-ends; err != nil {
			t.Errorf("an item that has waited for room ended with %v", err)
		}
		leave = takeAll(t)
		began := time.Now()
		read(make([]byte, 2<<20))
		if err := <-ends; !errors.Is(err, helium.ErrOverloaded) || time.Since(began) < time.Minute {
			t.Errorf("without room it ended with %v after %v, want ErrOverloaded after a minute", err, time.Since(began))
		}
		p := read(make([]byte, 2<<20))
		synctest.Wait()
		began = time.Now()
		p.in.Cut(context.Canceled)
		p.in.Abort(context.Canceled)
		if err := <-ends; !errors.Is(err, context.Canceled) || time.Since(began) > time.Second {
			t.Errorf("a stream that was cut off while it waited ended with %v after %v, want canceled at once", err, time.Since(began))
		}
		leave()
		if room := chunks.Taken(); room != 0 {
			t.Errorf("%d bytes of room are taken in the end, want none", room)
		}
	})
}

func TestTheRoomOfAnItemIsGivenBackWhenItsStreamEndsThoughItsReaderGoesOn(t *testing.T) {
	why := errors.New("why")
	for name, end := range map[string]func(in *stream.Receiver){
		"an error":            func(in *stream.Receiver) { in.Fail(why) },
		"an abort":            func(in *stream.Receiver) { in.Abort(why) },
		"a cut of one so far": func(in *stream.Receiver) { in.Cut(why); in.Fail(nil) },
		"a close":             func(in *stream.Receiver) { in.Fail(why); in.Close() },
		"a gap":               func(in *stream.Receiver) { in.ArrivePart(part(1<<20, 5, 5)) },
		"the end of items":    func(in *stream.Receiver) { in.End(0, nil) },
	} {
		synctest.Test(t, func(t *testing.T) {
			in := stream.NewReceiver(new(stream.Pool), bounds, func(wire.Credit) {})
			in.Open()
			in.ArrivePart(part(1<<20, 0, 200<<10))
			over := make(chan struct{})
			go func() {
				_, _ = in.Next()
				close(over)
			}()
			synctest.Wait()
			if room := chunks.Taken(); room != 1<<20 {
				t.Errorf("%s: %d bytes of room are taken, want those of the item", name, room)
			}
			end(in)
			<-over
			if room := chunks.Taken(); room != 0 {
				t.Errorf("%s: %d bytes of room are taken once the reader knows, want none", name, room)
			}
			in.Close()
		})
	}
}

func TestAStreamThatEndsWhileItWaitsForRoomHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := takeAll(t)
		var ins []*stream.Receiver
		ends := make(chan error, 2)
		for range 2 {
			in := stream.NewReceiver(new(stream.Pool), bounds, func(wire.Credit) {})
			in.Open()
			in.ArrivePart(part(1<<20, 0, 200<<10))
			go func() {
				_, err := in.Next()
				ends <- err
			}()
			synctest.Wait()
			ins = append(ins, in)
		}
		why := errors.New("why")
		began := time.Now()
		ins[0].Fail(why)
		if err := <-ends; err != why || time.Since(began) > 100*time.Millisecond {
			t.Errorf("it ended with %v after %v, want %v at once", err, time.Since(began), why)
		}
		leave()
		time.Sleep(time.Second)
		if room := chunks.Taken(); room != 1<<20 {
			t.Errorf("%d bytes of room are taken, want those of the other one's item", room)
		}
		ins[1].Fail(why)
		<-ends
		for _, in := range ins {
			in.Close()
		}
		if room := chunks.Taken(); room != 0 {
			t.Errorf("%d bytes of room are taken in the end, want none", room)
		}
	})
}

func TestSmallPartsDoNotKeepTheMessagesInWhichTheyCame(t *testing.T) {
	p := newParted(1 << 10)
	item := encode(bytes.Repeat([]byte("x"), 40<<10))
	p.out.SendParts(item, p.size, func(part wire.Part) {
		message := bytes.Clone(part.Data)
		part.Data = message
		p.in.ArrivePart(part)
		clear(message) // a copy is what is kept
	})
	p.in.End(1, nil)
	got, err := p.readAll(0)
	if err != nil || len(got) != 1 || !bytes.Equal(encode(got[0]), item) {
		t.Errorf("got %d items, %v; want the one that was sent, whatever becomes of its messages", len(got), err)
	}
	p.in.Close()
}

func TestAnItemWhoseLastPartsComeWhileItWaitsForRoomArrivesThoughItsStreamHasEnded(t *testing.T) {
	why := errors.New("why")
	for name, of := range map[string]struct {
		end  func(in *stream.Receiver)
		want error
	}{
		"with its items":      {func(in *stream.Receiver) { in.End(1, nil) }, nil},
		"with an error there": {func(in *stream.Receiver) { in.Fail(why) }, why},
	} {
		synctest.Test(t, func(t *testing.T) {
			leave := takeAll(t)
			in := stream.NewReceiver(new(stream.Pool), bounds, func(wire.Credit) {})
			in.Open()
			in.ArrivePart(part(300<<10, 0, 200<<10))
			time.AfterFunc(time.Second, func() {
				in.ArrivePart(part(300<<10, 200<<10, 100<<10))
				of.end(in)
			})
			time.AfterFunc(2*time.Second, leave)
			if chunk, err := in.Next(); err != nil || chunk.Count != 1 || len(chunk.Data) != 300<<10 {
				t.Errorf("%s: got %d items of %d bytes, %v; want the one of 300 KiB", name, chunk.Count, len(chunk.Data), err)
			}
			if chunk, err := in.Next(); err != of.want || chunk.Count != 0 {
				t.Errorf("%s: behind it there are %d items, %v; want none, %v", name, chunk.Count, err, of.want)
			}
			in.Close()
			if room := chunks.Taken(); room != 0 {
				t.Errorf("%s: %d bytes of room are taken, want none", name, room)
			}
		})
	}
}

func TestAWholeItemThatWaitsForRoomIsCutOffAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer takeAll(t)()
		in := stream.NewReceiver(new(stream.Pool), bounds, func(wire.Credit) {})
		in.Open()
		in.ArrivePart(part(stream.Window+100, 0, stream.Window-1))
		in.ArrivePart(part(stream.Window+100, stream.Window-1, 101))
		in.End(1, nil)
		over := make(chan error)
		go func() {
			_, err := in.Next()
			over <- err
		}()
		synctest.Wait()
		began := time.Now()
		in.Cut(context.Canceled)
		if err := <-over; err != context.Canceled || time.Since(began) > time.Second {
			t.Errorf("it ended with %v after %v, want canceled at once", err, time.Since(began))
		}
		in.Close()
	})
}

func TestWhatEndsAStreamEndsAnItemInItsMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newParted(24 << 10)
		sent := make(chan bool)
		go func() { sent <- p.out.SendParts(make([]byte, 4<<20), p.size, p.carryPart) }()
		synctest.Wait() // a window has left, and nobody reads
		p.out.Stop()
		if <-sent {
			t.Error("the item has left, want that it has not")
		}
		if n := p.out.Close(); n != 0 {
			t.Errorf("%d items have left, want none", n)
		}
		why := errors.New("why")
		p.in.Fail(why)
		if got, err := p.readAll(0); len(got) != 0 || err != why {
			t.Errorf("got %d items, %v; want none, %v", len(got), err, why)
		}
		p.in.Close()
		if left, room := p.pool.Taken(), chunks.Taken(); left != 0 || room != 0 {
			t.Errorf("%d bytes of credit and %d of room aren't given back", left, room)
		}
	})
}

func FuzzPartsOfStrangersDoNoHarmToWhoReads(f *testing.F) {
	f.Add([]byte{0, 10, 0, 5, 0, 10, 5, 5})
	f.Add([]byte{0, 10, 0, 5, 0, 10, 4, 5, 9})
	f.Add([]byte{0, 1, 0, 1, 1, 3, 0, 3, 200})
	f.Add([]byte{0, 250, 0, 100, 0, 250, 100, 150})
	f.Fuzz(func(t *testing.T, script []byte) {
		in := stream.NewReceiver(new(stream.Pool), bounds, func(wire.Credit) {})
		in.Open()
		for ; len(script) >= 4; script = script[4:] {
			before, length, offset, size := uint64(script[0]), uint64(script[1])<<10, uint64(script[2])<<10, int(script[3])<<10
			if size == 0 || offset > length || uint64(size) > length-offset {
				in.Arrive(wire.Items{Before: before, Count: 1, Data: make([]byte, size+1)})
				continue
			}
			in.ArrivePart(wire.Part{Before: before, Length: length, Offset: offset, Data: make([]byte, size)})
		}
		in.End(uint64(len(script)), nil)
		for bytes := 0; ; {
			chunk, err := in.Next()
			if err != nil || chunk.Count == 0 {
				break
			}
			if bytes += len(chunk.Data); bytes > 2*stream.Window+stream.MaxWindow {
				t.Fatalf("%d bytes were kept, which nobody gave credit for", bytes)
			}
			for range chunk.Count {
				in.Took(0)
			}
		}
		in.Close()
		if room := chunks.Taken(); room != 0 {
			t.Errorf("%d bytes of room are taken, want none", room)
		}
	})
}
