// Package figures asks all instances on the bus what they did, by NATS's convention for
// services ($SRV.STATS), and makes rates of two looks at it.
//
//	before, err := figures.Ask(ctx, nc, time.Second)
//	…
//	after, err := figures.Ask(ctx, nc, time.Second)
//	rows := figures.Rows(before, after, figures.ByMethod)
//
// Services that aren't Helium's answer too: they have no histogram, so no percentiles.
//
// ask.go asks, silent.go tells who didn't answer, rows.go subtracts and groups, order.go sorts.
package figures
