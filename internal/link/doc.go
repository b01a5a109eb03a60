// Package link is how messages get to instances and answers come back. Above it nobody knows
// which link carried a call; below it nobody knows what a signature is.
//
// Of a caller:
//
//   - dispatcher.go: the calls of a client, from their batcher to the one who waits
//   - links.go: the links there are, and which one a message goes by
//   - link.go: what a link is; a new kind of link implements it in a file of its own
//   - control.go: what instances are told of calls in flight by NATS: cancels, and what goes on
//   - bus.go: the link by NATS, and what it means for calls that the connection is lost or nobody listens
//   - denials.go, permits.go: what it means that a subject isn't permitted, and how that is found out beforehand
//   - encrypted.go: whether the connection to NATS is encrypted
//   - receiver.go: what comes back by one link
//   - endpoint.go, endpoints.go: where calls go, and what was learnt from those that did
//   - apart.go: whether calls to an endpoint share messages
//   - inflight.go: the calls in flight of a client
//   - call.go: a call in flight, and who waits for it
//   - number.go: what names a call or a message
//   - throttle.go: which calls are held back while instances refuse most of them for load
//   - carrier.go: what is in flight by each link, and how long it lately took to be answered
//   - route.go: by which links messages to an endpoint can go, and by which one the next goes
//   - addressing.go: what is known of messages to single instances that no link leads to
//   - unlinked.go: and how that is found out
//   - clock.go: the clock by which servers see how long a message was under way
//   - instance.go: what is known of instances from themselves
//   - suspect.go: which instances may have a call, and what they tell of it
//   - met.go: who has answered a call first, and may be asked whether questions get there
//   - doubt.go: what is known of an instance that hasn't been heard for a while
//   - vigil.go: which instances have fallen silent, so that their calls fail and others keep away
//   - strays.go: which calls no instance has, as they or their answers got lost
//   - verdicts.go: the errors of calls that it ends
//   - unsettled.go: errors of calls of which more is known than where they were made
//   - overdue.go: calls that ended too early to be watched
//   - question.go: what is asked of single instances
//   - chunks.go: calls whose arguments or results come in chunks
//   - pace.go, pulse.go, asks.go: when it looks, whether the connection itself works, and what it asks
//   - registry.go: what links need of the registry
//   - cancels.go: cancels of calls whose instance wasn't known yet
//   - earlycancels.go: and of those whose message hadn't left yet
//   - uncancelable.go: where no cancels are sent, as NATS has refused some
//   - answered.go: who answered the latest calls
//   - abandoned.go: and those that nobody waits for any more
//   - sent.go: how the latest messages left
//   - manifests.go: which calls left in which message
//   - oversized.go: messages that a NATS server takes no more
//   - permission.go: whether NATS takes messages on a subject
//
// Of both:
//
//   - itempart.go: how large the parts of items are
//   - table.go: what is in flight, by its sequence number
//   - sweep.go: one timer for any number of deadlines
//
// Of a server:
//
//   - server.go: what a link is to a server; a new kind of link implements it in a file of its own
//   - serverbus.go: the link by NATS, and what it means that anybody may publish there
//   - plainstream.go: the way of a stream's items to who began it by a plain request
//   - outgrown.go: answers that a smaller NATS server doesn't take together
//   - inbound.go: the messages that wait to be received, and what becomes of too many
//   - misses.go: the heartbeats that found nobody
//
// # Calls that nobody waits for
//
// What becomes of a call that has left, once its caller doesn't wait for an answer any more, has these
// names. One and the same call can be several of them.
//
//   - withdrawn: it was kept from leaving after all, so it is none of the others, and certainly didn't run
//   - abandoned: whatever the reason, be it given up or its time over. An answer that comes after that is
//     looked at, as two of them tell that two instances had the call (abandoned.go)
//   - canceled: its instance is told, or all that may have it. Of many, that waits until one says that it
//     has the call (cancels.go), and of one that is just leaving, until its message has left (earlycancels.go)
//   - forsaken: a stream, or a call in chunks, for which its instance keeps memory, and so is told again
//     when it says later that it has the call, as the cancel may have got lost (cancels.go)
//   - overdue: it took longer than it should have, so the instances that it may be at are asked whether they are
//     there (overdue.go)
package link
