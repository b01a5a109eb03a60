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
	began      time.Time      // when its name began to be looked up, and its time to pass; zero: with the call
	toAll      bool           // it is one of those to all instances, each of which runs it at most once
}

func (l *loose) result() reflect.Type {
	if l == nil {
		return nil
	}
	return l.resultType
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
