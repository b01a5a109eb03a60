package direct

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// inParts reads at most so many bytes at once as next says.
type inParts struct {
	from io.Reader
	next func() int
}

func (p inParts) Read(b []byte) (int, error) { return p.from.Read(b[:min(len(b), max(1, p.next()))]) }

// answersOf returns frames with messages of these sizes, each filled with a byte of its own.
func answersOf(sizes []int) []byte {
	var all []byte
	for i, size := range sizes {
		all = append(appendFrame(all, &frame{kind: kindAnswers, token: uint64(i)}, size), bytes.Repeat([]byte{byte(i)}, size)...)
	}
	return all
}

func TestFramesOfAllSizesAreReadWholeAndStayAsTheyAre(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	mixed := make([]int, 300)
	for i := range mixed {
		mixed[i] = []func() int{
			func() int { return random.IntN(100) },
			func() int { return random.IntN(largeChunk / 4) },
			func() int { return random.IntN(3 * largeChunk) },
			func() int { return 64<<10 + 40 },
		}[random.IntN(4)]()
	}
	same := make([]int, 100)
	for i := range same {
		same[i] = 64<<10 + 40 + i
	}
	for name, sizes := range map[string][]int{
		"any": mixed, "large ones alike": same,
		"around what is large": {largeChunk/4 - 9, largeChunk/4 - 8, largeChunk/4 - 10, largeChunk / 4, largeChunk/4 + 1},
		"larger than a part":   {100, 2*firstPart + 1, 5, 2*firstPart + 1, 2*firstPart + 1},
		"large, then small":    {70_000, 70_000, 1, 70_000, 2, 3, 70_000, 70_000},
	} {
		for parts, next := range map[string]func() int{
			"all at once":       func() int { return 1 << 30 },
			"parts of any size": func() int { return random.IntN(2 * largeChunk) },
			"small parts":       func() int { return 1 + random.IntN(3000) },
		} {
			t.Run(fmt.Sprint(name, ", ", parts), func(t *testing.T) {
				r := reader{from: inParts{bytes.NewReader(answersOf(sizes)), next}}
				got := make([]frame, len(sizes))
				for i := range got {
					if err := r.next(&got[i]); err != nil {
						t.Fatal(err)
					}
				}
				for i, f := range got {
					if want := bytes.Repeat([]byte{byte(i)}, sizes[i]); f.token != uint64(i) || !bytes.Equal(f.message, want) {
						t.Fatalf("frame %d is that of %d, with %d bytes that aren't the %d of its own", i, f.token, len(f.message), len(want))
					}
				}
				if err := r.next(new(frame)); err != io.EOF {
					t.Errorf("behind the last frame: %v, want EOF", err)
				}
			})
		}
	}
}
