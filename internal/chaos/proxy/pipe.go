package proxy

import (
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"time"
)

// pipe forwards one direction of a connection.
//
//	from ─▶ read ─▶ chunks ─▶ write, when it is time ─▶ to
type pipe struct {
	from, to net.Conn
	rewriter Rewriter // nil: none
	inward   bool     // from whoever connected; the other direction may be throttled
	weather  *weather
	chunks   chan chunk
	cut      <-chan struct{} // closed when the connection is cut
	passed   int             // bytes that got through
}

// chunk is bytes that arrived at a time.
type chunk struct {
	bytes []byte
	at    time.Time
}

// under way are so many chunks at most, of so many bytes: then whoever sends is held up.
const (
	mostChunks = 512
	chunkSize  = 16 << 10
)

// forward returns once the direction has ended: at the sender's end, which is passed on, or
// because the connection has broken. It reports whether that was the sender's end.
func (p *pipe) forward() (whole bool) {
	go p.read()
	for c := range p.chunks {
		if !p.await(c) {
			return false
		}
		bytes := p.let(c.bytes)
		if _, err := p.to.Write(bytes); err != nil || len(bytes) < len(c.bytes) {
			return false
		}
		p.passed += len(bytes)
		if c.bytes == nil { // the end
			closeHalf(p.to)
			return true
		}
	}
	return false
}

// let returns as much of some bytes as gets through before the connection breaks.
func (p *pipe) let(bytes []byte) []byte {
	now, _ := p.weather.get()
	limit := now.CutOut
	if p.inward {
		limit = now.CutIn
	}
	if limit == 0 {
		return bytes
	}
	return bytes[:min(len(bytes), max(limit-p.passed, 0))]
}

func (p *pipe) read() {
	defer close(p.chunks)
	for {
		buffer := make([]byte, chunkSize)
		n, err := p.from.Read(buffer)
		var next []chunk
		came := buffer[:n]
		if p.rewriter != nil {
			now, _ := p.weather.get()
			came = p.rewriter.Rewrite(came, now)
		}
		if len(came) > 0 {
			next = append(next, chunk{came, time.Now()})
		}
		if errors.Is(err, io.EOF) {
			next = append(next, chunk{nil, time.Now()})
		}
		for _, c := range next {
			select {
			case p.chunks <- c:
			case <-p.cut:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// await waits until a chunk may be written, and reports false if the connection is cut before.
func (p *pipe) await(c chunk) bool {
	lucky := rand.Float64()
	for {
		now, changed := p.weather.get()
		due := c.at.Add(now.Delay)
		packets := math.Ceil(float64(len(c.bytes)) / packet)
		if lucky < 1-math.Pow(1-now.Loss, packets) {
			due = due.Add(RetransmitAfter)
		}
		if now.Rate > 0 && !p.inward {
			due = time.Now().Add(time.Duration(float64(len(c.bytes)) / now.Rate * float64(time.Second)))
		}
		var arrived <-chan time.Time // never, while nothing gets through
		if !now.Held {
			wait := time.Until(due)
			if wait <= 0 {
				return true
			}
			timer := time.NewTimer(wait)
			defer timer.Stop()
			arrived = timer.C
		}
		select {
		case <-arrived:
			return true
		case <-changed:
		case <-p.cut:
			return false
		}
	}
}

// closeHalf ends one direction of a connection, as far as it has two.
func closeHalf(conn net.Conn) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // fails only on a connection that is broken anyway
	}
}
