// Package broker embeds a NATS server in the process, with JetStream on. It is the
// only package of Helium that links the server.
//
//	b, err := broker.Start(ctx, broker.Config{})
//	if err != nil {
//		return err
//	}
//	defer b.Close()
//	nc, err := b.Connect("math-server")
//
// That broker lives within the process: nothing listens, what JetStream keeps is gone
// after Close, and Connect's connections take no detour over a socket. They follow
// the rules of package bus like any other.
//
// # For other processes
//
//	b, err := broker.Start(ctx, broker.Config{Listen: "127.0.0.1:4222", Dir: "data"})
//	fmt.Println("helium is at", b.URL())
//
// With port 0 a free port is taken, and URL tells which. With Dir, what JetStream
// keeps survives: started again with the same Dir, and the same port so that clients
// find it, the broker goes on where it was. Two brokers can't use one Dir at a time.
//
// Beyond loopback, Listen takes TLS and either Users or a Token, and Cluster.Listen
// takes Cluster.TLS with User and Password; without, Start refuses. So it is with
// Websocket.Listen, which has a TLS of its own.
//
// # For browsers
//
//	b, err := broker.Start(ctx, broker.Config{Websocket: &broker.Websocket{
//		AllowedOrigins: []string{"http://localhost:3000"},
//	}})
//	fmt.Println("helium is at", b.WebsocketURL())
//
// Clients then connect by websocket as well, or instead where Listen is empty. A page may
// connect if it comes from the listener's own address or from an allowed origin; without
// that rule, any page that somebody on this machine looks at could.
//
// # Users
//
// A user may publish and subscribe what its lists say; what is denied wins.
//
//	broker.User{
//		Name: "shop", Password: "…",
//		Publish:   broker.Subjects{Allow: []string{"helium.call.math", "helium.call.math.*", "helium.at.math.>", "helium.ctl.math.*", "helium.binder.lookup.>"}},
//		Subscribe: broker.Subjects{Allow: []string{"_INBOX.shop.>"}},
//	}
//
// Connect's own connections need no credentials and may do everything: who can call
// Connect could read the memory as well. [Broker.ConnectWith] connects as a user.
//
// # Clusters
//
// Brokers of several processes form a cluster when each has a Name of its own, the
// same Cluster.Name, and routes to the others:
//
//	broker.Config{
//		Name: "a", Listen: "127.0.0.1:4222", Dir: "data-a",
//		Cluster: &broker.Cluster{Listen: "127.0.0.1:6222", Routes: []string{"127.0.0.1:6223", "127.0.0.1:6224"}},
//	}
//
// Start doesn't wait for peers, so members can be started one after the other;
// [Broker.WaitCluster] does. A member without Listen still opens a client port, on
// loopback and shut to everyone, since the server can't cluster without one.
//
// # What is noticed, and when
//
// Clients and cluster members that fall silent, such as a stopped process, are
// dropped after three pings of two seconds. A port in use, a directory that can't be
// written or is used by another broker, and addresses that make no sense are errors
// of Start, which then leaves nothing behind.
//
// The server's log goes to Config.Logger: its warnings and errors as warnings, the
// rest at debug level. Signals stay with the program.
package broker
