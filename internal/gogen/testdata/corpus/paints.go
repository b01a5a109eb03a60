package corpus

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared"
)

//go:generate go run github.com/helium-rpc/helium/cmd/helium gen go --type Paints

// Paints sells what walls are painted with.
//
// It has enums in every place that a type can stand in.
type Paints interface {
	// Mix mixes two paints.
	Mix(ctx context.Context, a, b Paint) (Paint, error)
	// Find finds paints.
	Find(ctx context.Context, shine Shine, months map[time.Month][]Shine, tone *Tone, more ...Grade) (map[Tone]Paint, error)
	// Log takes a level of another package, and a color that no constant is declared of.
	Log(ctx context.Context, level slog.Level, hue shared.Hue, color shared.Color) error
	// Wait takes what has constants and is a duration all the same.
	Wait(ctx context.Context, d time.Duration) error
}

// Paint is a bucket of paint.
type Paint struct {
	// Tone is what it looks like.
	Tone Tone `json:"tone"`
	// Shine is how much light
	// it throws back.
	Shine  Shine   `json:"shine"`
	Grades []Grade // Grades are the walls that it is for.
	Plain  string
	Lacquer
}

// Lacquer is over the paint.
type Lacquer struct {
	Coats Coats // Coats is how often.
}

// Shine is how much light a paint throws back.
type Shine string

// The degrees of shine.
const (
	Matt Shine = "matt" // Matt throws back none.
	// Glossy throws back most,
	// and "sparkles" */ <b>.
	Glossy Shine = "glossy"
	silk   Shine = "silk"
)

// AlsoMatt is another name.
const AlsoMatt = Matt

// Tone has a text form, in which it travels.
type Tone int

const (
	Warm Tone = iota
	Cold
	Tones // Tones counts them, and has no text.
)

// MarshalText writes the tone.
func (t Tone) MarshalText() ([]byte, error) { return []byte([...]string{"warm", "cold"}[t]), nil }

// UnmarshalText reads it.
func (t *Tone) UnmarshalText(text []byte) error {
	switch string(text) {
	case "warm":
		*t = Warm
	case "cold":
		*t = Cold
	default:
		return fmt.Errorf("there is no tone %q", text)
	}
	return nil
}

type (
	// Grade is a kind of wall.
	Grade uint64
	// Coats has no constants.
	Coats int
)

const (
	Indoor, Outdoor Grade = 1, 2
	Most            Grade = 1<<64 - 1
)

// NewPaints returns the implementation of [Paints].
func NewPaints() Paints { return paints{} }

type paints struct{}

func (paints) Mix(_ context.Context, a, _ Paint) (Paint, error) {
	if a.Plain == "silk" {
		a.Shine = silk
	}
	return a, nil
}

func (paints) Find(_ context.Context, shine Shine, _ map[time.Month][]Shine, tone *Tone, _ ...Grade) (map[Tone]Paint, error) {
	if tone == nil {
		return nil, nil
	}
	return map[Tone]Paint{*tone: {Tone: *tone, Shine: shine}}, nil
}

func (paints) Log(context.Context, slog.Level, shared.Hue, shared.Color) error { return nil }
func (paints) Wait(context.Context, time.Duration) error                       { return nil }
