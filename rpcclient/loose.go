package rpcclient

import (
	"reflect"
	"time"
)

// loose is what a call says of itself that no signature says. A call that has had one keeps it for
// the next calls of its memory. A nil one says nothing.
type loose struct {
	resultType reflect.Type   // of a call by name, where it says; else nil
	argTypes   []reflect.Type // of a call whose arguments no signature describes; else empty
	itemType   reflect.Type   // of the items that a call takes; nil: it takes none
	sendsType  reflect.Type   // of those that it sends; nil: it sends none
	streamed   *streamed      // what it sends and takes one by one; nil: nothing
	began      time.Time      // when its name began to be looked up, and its time to pass; zero: with the call
	toAll      bool           // it is one of those to all instances, each of which runs it at most once
}

func (l *loose) result() reflect.Type {
	if l == nil {
		return nil
	}
	return l.resultType
}

// item returns the type of the items that are taken, nil if none are.
func (l *loose) item() reflect.Type {
	if l == nil {
		return nil
	}
	return l.itemType
}

// sends returns the type of the items that are sent, nil if none are.
func (l *loose) sends() reflect.Type {
	if l == nil {
		return nil
	}
	return l.sendsType
}

// items returns what is sent and taken one by one, nil if nothing is.
func (l *loose) items() *streamed {
	if l == nil {
		return nil
	}
	return l.streamed
}

// stream returns what is sent and taken one by one, to add to it.
func (l *loose) stream() *streamed {
	if l.streamed == nil {
		l.streamed = new(streamed)
	}
	return l.streamed
}

func (l *loose) args() []reflect.Type {
	if l == nil {
		return nil
	}
	return l.argTypes
}

func (l *loose) isToAll() bool { return l != nil && l.toAll }

// takeBegan returns since when the call's time passes, once; zero: it doesn't say.
func (l *loose) takeBegan() (began time.Time) {
	if l != nil {
		began, l.began = l.began, time.Time{}
	}
	return began
}

func (l *loose) reset() {
	if l != nil {
		clear(l.argTypes)
		*l = loose{argTypes: l.argTypes[:0]}
	}
}
