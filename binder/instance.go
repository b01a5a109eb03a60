package binder

import "cmp"

// An instance is one record as the catalog keeps it. It is never changed once it is in the
// catalog, only replaced, so that readers may keep it without the lock.
type instance struct {
	service, name, version string
	// data is the record as the bucket has it, for answers and comparisons. The record
	// isn't kept besides: it would take several times the memory.
	data    []byte
	methods []string
	// revision of the write that made or renewed it.
	revision uint64
	// lost is true of a record that the store doesn't have any more though its instance
	// may well live; see lostRecords.
	lost bool
}

func newInstance(r *Record, data []byte, revision uint64) *instance {
	i := &instance{service: r.Service, name: r.Instance, version: r.Version, data: data, revision: revision}
	i.methods = make([]string, len(r.Methods))
	for at, m := range r.Methods {
		i.methods[at] = m.Name
	}
	return i
}

func (i *instance) key() string { return recordKey(i.service, i.name) }

// departed is the record that events of its end carry.
func (i *instance) departed() Record {
	return Record{Service: i.service, Instance: i.name, Version: i.version, Methods: []Method{}}
}

// renewed returns the instance as a later write of the same bytes leaves it.
func (i *instance) renewed(revision uint64) *instance {
	c := *i
	c.revision, c.lost = revision, false
	return &c
}

// asLost returns the instance as the store's loss of its record leaves it.
func (i *instance) asLost() *instance {
	c := *i
	c.lost = true
	return &c
}

func byName(i *instance, name string) int { return cmp.Compare(i.name, name) }
