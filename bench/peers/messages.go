package peers

// Terms are the arguments of add, for peers whose calls take one value.
type Terms struct{ A, B float64 }

// Sum is the result of add.
type Sum struct{ Sum float64 }

// Blob is the argument and the result of echo.
type Blob struct{ Data []byte }
