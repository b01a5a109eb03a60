package rpcserver

// ItemHandler takes one item of a stream, on its way to the caller or from it: one msgpack value, which
// codec.NewReader reads, and which is good until it returns.
type ItemHandler = func(item []byte) error

// WrapSent has an interceptor see each item that the handler sends, before it calls next: wrap is called
// once, when the items begin, and what it returns for each item. It passes the item on, or another one,
// several or none, by calling next; the items of the first of [Config.Interceptors] are those that leave. An error that it
// returns ends the stream as one of the handler does. Next returns an error when nobody takes items any
// more, which it returns.
//
// In a call that is no stream there is nothing to wrap.
func (c *Call) WrapSent(wrap func(next ItemHandler) ItemHandler) {
	if s := itemsOf(c); s != nil {
		s.wraps().sent = append(s.wraps().sent, wrap)
	}
}

// WrapReceived has an interceptor see each item that the caller sends, before the handler does and
// before it calls next, as [Call.WrapSent]; the first of [Config.Interceptors] has them first. Next returns when the
// handler has done with the item and asks for the one behind it. An error that the interceptor returns is the last item
// that the handler gets.
func (c *Call) WrapReceived(wrap func(next ItemHandler) ItemHandler) {
	if s := itemsOf(c); s != nil {
		s.wraps().received = append(s.wraps().received, wrap)
	}
}
