package part

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/natsserver"
	"github.com/helium-rpc/helium/internal/chaos/process"
)

type natsPart struct {
	measured
	server *natsserver.Server
}

func startNats(ctx context.Context, config string) (process.Actor, error) {
	file, err := os.CreateTemp("", "helium-chaos-*.conf")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(config)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	patience := startPatience
	if deadline, ok := ctx.Deadline(); ok {
		patience = time.Until(deadline)
	}
	server, err := natsserver.Start(file.Name(), patience)
	if err != nil {
		return nil, fmt.Errorf("%w; its configuration is\n%s", err, config)
	}
	return &natsPart{server: server}, nil
}

// startPatience bounds the start of a NATS server.
const startPatience = 20 * time.Second

func (p *natsPart) Close() { p.server.Close() }
