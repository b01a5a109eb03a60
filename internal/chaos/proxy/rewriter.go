package proxy

// Rewriter changes what whoever made a connection sends, under the conditions of the moment. It may keep back
// bytes until others have come.
type Rewriter interface {
	Rewrite(bytes []byte, now Conditions) []byte
}
