package gotype

import "go/types"

// StreamItem returns the type of the items of an iter.Seq2[T, error], nil for any other type. It decides
// as package signature does.
func StreamItem(t types.Type) types.Type {
	seq, ok := t.Underlying().(*types.Signature)
	if !ok || seq.Params().Len() != 1 || seq.Results().Len() != 0 || seq.Variadic() {
		return nil
	}
	yield, ok := seq.Params().At(0).Type().Underlying().(*types.Signature)
	if !ok || yield.Params().Len() != 2 || yield.Variadic() || !IsError(yield.Params().At(1).Type()) {
		return nil
	}
	if yield.Results().Len() != 1 || !types.Identical(yield.Results().At(0).Type(), types.Typ[types.Bool]) {
		return nil
	}
	return yield.Params().At(0).Type()
}

// IsIterator reports what a range loop takes, such as an iter.Seq.
func IsIterator(t types.Type) bool {
	seq, ok := t.Underlying().(*types.Signature)
	if !ok || seq.Params().Len() != 1 || seq.Results().Len() != 0 || seq.Variadic() {
		return false
	}
	yield, ok := seq.Params().At(0).Type().Underlying().(*types.Signature)
	return ok && yield.Params().Len() <= 2 && !yield.Variadic() && yield.Results().Len() == 1 && types.Identical(yield.Results().At(0).Type(), types.Typ[types.Bool])
}

// IsSeq2 reports an iter.Seq2 itself.
func IsSeq2(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "iter" && named.Obj().Name() == "Seq2"
}
