package examples_test

import (
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/loopback"
)

// terminals is where the three programs of one test meet.
type terminals struct {
	t       *testing.T
	address string // the broker's, nobody's yet
}

func newTerminals(t *testing.T) terminals { return terminals{t: t, address: loopback.UnusedAddress(t)} }

func (at terminals) url() string { return "nats://" + at.address }

func (at terminals) startBinder(flags ...string) *process {
	at.t.Helper()
	return start(at.t, "binder", append(flags, "-listen", at.address)...)
}

func (at terminals) startServer(flags ...string) *process {
	at.t.Helper()
	return start(at.t, "server", append(flags, "-url", at.url())...)
}

// startClient starts a client that waits long enough for a slow machine.
func (at terminals) startClient(args ...string) *process {
	at.t.Helper()
	return start(at.t, "client", append([]string{"-url", at.url(), "-wait", patience.String(), "--"}, args...)...)
}

const online = `>> Server Online! \((\w+)\)`

const fourResults = "add(7, 2) = 9\nsub(7, 2) = 5\nmul(7, 2) = 14\ndiv(7, 2) = 3.5\n"

func TestTheThreeProgramsMayStartInAnyOrder(t *testing.T) {
	for _, order := range [][3]string{
		{"binder", "server", "client"},
		{"binder", "client", "server"},
		{"server", "binder", "client"},
		{"server", "client", "binder"},
		{"client", "binder", "server"},
		{"client", "server", "binder"},
	} {
		t.Run(strings.Join(order[:], ", "), func(t *testing.T) {
			t.Parallel()
			at := newTerminals(t)
			running := make(map[string]*process)
			for _, program := range order {
				// Each is as far as it comes before the next one starts.
				broker, server := running["binder"] != nil, running["server"] != nil
				switch program {
				case "binder":
					running[program] = at.startBinder()
					running[program].await("Binder Online at " + at.url())
				case "server":
					running[program] = at.startServer()
					if broker {
						running[program].await(online)
					} else {
						running[program].await("waiting for the broker")
					}
				case "client":
					running[program] = at.startClient()
					if !broker {
						running[program].await("waiting for the broker")
					} else if !server {
						running[program].await("waiting for the service")
					}
				}
			}
			running["client"].awaitExit(0)
			running["client"].wrote(fourResults)

			instance := running["server"].await(online)
			// A client that waits may be served before the server has said that it is online.
			running["server"].await(`(?ms)^add\(7, 2\) = 9$.*^div\(7, 2\) = 3\.5$`)
			running["binder"].await(`(?m)^registered +math/` + instance + ` 1\.0\.0$`)
		})
	}
}

func TestTheServerPrintsRequestsThatFail(t *testing.T) {
	t.Parallel()
	at := newTerminals(t)
	at.startBinder()
	server := at.startServer()
	server.await(online)

	client := at.startClient("1 + 2", "1 / 0", "-8 / 2")
	client.awaitExit(1)
	client.wrote("1 + 2 = 3\n-8 / 2 = -4\n")
	client.complained("1 / 0: column 3: math.div: division by zero (invalid_argument)")
	server.await(`(?m)^div\(1, 0\): division by zero\n`)
}

func TestTheClientReadsExpressionsFromStandardInput(t *testing.T) {
	t.Parallel()
	at := newTerminals(t)
	at.startBinder()
	at.startServer()

	client := command(t, "client", "-wait", patience.String())
	client.cmd.Env = append(client.cmd.Env, "NATS_URL="+at.url())
	client.cmd.Stdin = strings.NewReader("(1 + 2) * 3\n\n7 / 2\n")
	client.start().awaitExit(0)
	client.wrote("(1 + 2) * 3 = 9\n7 / 2 = 3.5\n")
}
