package rpcclient

import "github.com/helium-rpc/helium/rpcclient/internal/keys"

// Keyed returns a view of the client whose calls go to the instance that the key picks, such
// as a customer's number: the same one each time, and from every client, as long as they know
// the same instances. It shares everything with the client and needs no Close of its own.
//
//	math := mathsvc.NewClient(rpcclient.Keyed(c, "customer-7"))
//
// Keys spread evenly over the instances that are there, have the method and fit the call.
// When one goes, its keys move to others and no other key does; when one comes, it takes its
// share and no other key moves. A call whose instance is gone goes to the key's next one, if
// it provably didn't run or its method is idempotent.
//
// That is for what an instance has at hand, such as its cache. It isn't a lock: while
// instances come and go two clients may know different ones for a moment.
//
// The calls go to subjects of single instances, which the connection's user must be permitted
// to publish to (helium.at.<service>.>). Of Keyed and [Client.At] the later one counts.
func Keyed(c *Client, key string) *Client {
	if c.unmade() != nil {
		return c
	}
	return &Client{client: c.client, key: keys.New(key)}
}
