package signature

// Limits on what is parsed, and on what is made from Go types, so that what one side
// makes the other side reads. They bound the work that hostile text can cause.
const (
	// MaxLength is how long one signature or one definition may be, in bytes.
	MaxLength = 64 << 10
	// MaxDefinitions is how long all definitions of a service may be together, in bytes.
	MaxDefinitions = 1 << 20
	// MaxTypes is how many named types a service may have.
	MaxTypes = 1000
	// MaxDepth is how deep types may nest within one signature or definition.
	MaxDepth = 32
	// MaxName is how long the name of a method or of a type may be, in bytes.
	MaxName = 64
)
