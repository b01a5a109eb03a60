package fakenats

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// conn is the server's end of a connection.
type conn struct {
	server house
	pipe   net.Conn

	mu    sync.Mutex
	more  sync.Cond      // on mu
	name  string         // guarded by mu
	subs  []subscription // guarded by mu
	out   [][]byte       // guarded by mu; what is to be written
	ended bool           // guarded by mu
}

// house is the server, as its connections know it.
type house interface {
	run(func())
	awaitThaw(name string)
	permits(name, subject string) bool
	loses(name, subject string) bool
	route(*message) (heard bool)
	leave(*conn)
}

func newConn(server house, pipe net.Conn) *conn {
	c := &conn{server: server, pipe: pipe}
	c.more.L = &c.mu
	return c
}

type subscription struct{ subject, queue, id string }

// message is a message on its way. Data begin with headers of so many bytes.
type message struct {
	subject, reply string
	headers        int
	data           []byte
}

const info = `INFO {"server_id":"FAKE","version":"2.10.0","proto":1,"headers":true,"max_payload":1048576}` + "\r\n"

// read does what the other end asks for, until it closes the connection.
func (c *conn) read() {
	defer c.server.leave(c)
	defer c.end()
	defer c.pipe.Close()
	c.send([]byte(info))
	come := newSocket()
	c.server.run(func() {
		_, err := io.Copy(come, c.pipe)
		come.end(err)
	})
	for in := bufio.NewReader(come); ; {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		c.server.awaitThaw(c.named())
		if err := c.obey(strings.ToUpper(verb), rest, in); err != nil {
			return
		}
	}
}

func (c *conn) obey(verb, rest string, in *bufio.Reader) error {
	args := strings.Fields(rest)
	switch verb {
	case "CONNECT":
		var options struct{ Name string }
		if err := json.Unmarshal([]byte(rest), &options); err != nil {
			return err
		}
		c.mu.Lock()
		c.name = options.Name
		c.mu.Unlock()
	case "PING":
		c.send([]byte("PONG\r\n"))
	case "SUB":
		sub := subscription{subject: args[0], id: args[len(args)-1]}
		if len(args) == 3 {
			sub.queue = args[1]
		}
		c.mu.Lock()
		c.subs = append(c.subs, sub)
		c.mu.Unlock()
	case "UNSUB":
		if len(args) == 1 { // with a number of messages, the other end takes care of it
			c.mu.Lock()
			c.subs = slices.DeleteFunc(c.subs, func(sub subscription) bool { return sub.id == args[0] })
			c.mu.Unlock()
		}
	case "PUB", "HPUB":
		return c.publish(verb == "HPUB", args, in)
	}
	return nil
}

// publish reads a message and routes it.
func (c *conn) publish(hasHeaders bool, args []string, in io.Reader) error {
	m := &message{subject: args[0]}
	sizes := args[len(args)-1:]
	if hasHeaders {
		sizes = args[len(args)-2:]
		m.headers, _ = strconv.Atoi(sizes[0])
	}
	if len(args) > len(sizes)+1 {
		m.reply = args[1]
	}
	size, err := strconv.Atoi(sizes[len(sizes)-1])
	if err != nil {
		return err
	}
	m.data = make([]byte, size+len("\r\n"))
	if _, err := io.ReadFull(in, m.data); err != nil {
		return err
	}
	m.data = m.data[:size]
	if !c.server.permits(c.named(), m.subject) {
		c.send(fmt.Appendf(nil, "-ERR 'Permissions Violation for Publish to %q'\r\n", m.subject))
		return nil
	}
	if c.server.loses(c.named(), m.subject) {
		return nil
	}
	if !c.server.route(m) && m.reply != "" {
		const nobody = "NATS/1.0 503\r\n\r\n"
		back := &message{subject: m.reply, headers: len(nobody), data: []byte(nobody)}
		for _, sub := range c.matching(m.reply) {
			c.deliver(sub.id, back)
		}
	}
	return nil
}

// matching returns the connection's subscriptions to a subject.
func (c *conn) matching(subject string) (found []subscription) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, sub := range c.subs {
		if matches(sub.subject, subject) {
			found = append(found, sub)
		}
	}
	return found
}

func (c *conn) deliver(id string, m *message) {
	b := []byte("MSG ")
	if m.headers > 0 {
		b = []byte("HMSG ")
	}
	b = fmt.Appendf(b, "%s %s %s", m.subject, id, m.reply)
	if m.headers > 0 {
		b = fmt.Appendf(b, " %d", m.headers)
	}
	b = fmt.Appendf(b, " %d\r\n%s\r\n", len(m.data), m.data)
	c.send(b)
}

func (c *conn) named() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.name
}

func (c *conn) isNamed(name string) bool { return c.named() == name }

// send has bytes written after those before them.
func (c *conn) send(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = append(c.out, b)
	c.more.Signal()
}

// end lets write return.
func (c *conn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	c.more.Signal()
}

// write writes what is sent, until the connection ends.
func (c *conn) write() {
	for {
		c.mu.Lock()
		for len(c.out) == 0 && !c.ended {
			c.more.Wait()
		}
		out, ended := c.out, c.ended
		c.out = nil
		c.mu.Unlock()
		if ended {
			return
		}
		for _, b := range out {
			c.server.awaitThaw(c.named())
			if _, err := c.pipe.Write(b); err != nil {
				return
			}
		}
	}
}

// matches reports whether a subscription is to a subject.
func matches(pattern, subject string) bool {
	p, s := strings.Split(pattern, "."), strings.Split(subject, ".")
	for i, token := range p {
		switch {
		case token == ">":
			return len(s) > i
		case i >= len(s) || token != "*" && token != s[i]:
			return false
		}
	}
	return len(p) == len(s)
}
