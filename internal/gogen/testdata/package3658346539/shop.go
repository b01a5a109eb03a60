package shop

type Stock interface{ Count() (int, error) }
type Generic[T any] interface{ Get() (T, error) }
type Struct struct{}
type Constraint interface{ ~int | ~string }
type Empty interface{}
var Variable int
type Taken interface{ Count() (int, error) }
type TakenClient struct{}
