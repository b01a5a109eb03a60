package stream

import "github.com/helium-rpc/helium"

// gap returns the error of items that got lost or came twice.
func gap(want, got uint64) *helium.Error {
	if got < want {
		return helium.ErrStreamGap.WithMessage("items %d to %d of the stream came twice", got+1, want)
	}
	return helium.ErrStreamGap.WithMessage("items %d to %d of the stream got lost", want+1, got)
}

// partGap returns the error of parts of an item, after so many items, that got lost or came twice.
func partGap(before, want, got uint64) *helium.Error {
	if got < want {
		return helium.ErrStreamGap.WithMessage("bytes %d to %d of item %d of the stream came twice", got, want-1, before+1)
	}
	return helium.ErrStreamGap.WithMessage("bytes %d to %d of item %d of the stream got lost", want, got-1, before+1)
}
