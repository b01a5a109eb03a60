// Package stream is what both ends of a stream do with its items, whoever sends them: they are
// numbered, gather while the way is busy, and leave only as far as the reader has given credit.
//
//		Sender.Send ─▶ waits for credit ─▶ gathers ─▶ a frame ─▶ … ─▶ Receiver.Arrive ─▶ Receiver.Next
//		     ▲                                                                                │
//		     └── Sender.Grant ◀─ … ◀─ a frame with more credit ◀─ Pool ◀── Receiver.Took ◀────┘
//
//	  - sender.go: the end that items leave from
//	  - lull.go: when that end says what has left, as nothing follows that would show what got lost
//	  - inflow.go: what comes at the end where they arrive
//	  - receiver.go: that end, and how much it lets come
//	  - queue.go, parts.go: what has come there and waits to be read, and items that come in parts
//	  - items.go: and how a program reads that one by one
//	  - value.go: arguments and results that travel as an item
//	  - wraps.go: what interceptors put around items
//	  - sizes.go: which items leave whole, and which in parts
//	  - gap.go: the errors of what got lost
//	  - window.go: how much may be under way of a stream, by what its reader has to wait for
//	  - allowance.go: how much the other end may send, as what came is read
//	  - pool.go: the credit of all streams that one connection receives
//
// It knows neither links nor types of items: frames are handed over, and items are bytes.
package stream
