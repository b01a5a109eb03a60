package part

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"github.com/helium-rpc/helium/internal/chaos/disk"
	"github.com/helium-rpc/helium/internal/chaos/process"
)

// Act makes what a setup says, for [process.Main].
func Act(ctx context.Context, text json.RawMessage) (process.Actor, error) {
	var setup Setup
	if err := json.Unmarshal(text, &setup); err != nil {
		return nil, err
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	disk.Survive()
	switch {
	case setup.Broker != nil:
		return startBroker(ctx, *setup.Broker, setup.Name)
	case setup.Nats != nil:
		return startNats(ctx, setup.Nats.Config)
	case setup.Herd != nil:
		return startHerd(ctx, setup)
	}
	nc, err := connect(ctx, setup)
	if err != nil {
		return nil, err
	}
	var actor process.Actor
	switch {
	case setup.Binder != nil:
		actor, err = startBinder(ctx, nc, *setup.Binder)
	case setup.Server != nil:
		actor, err = startServer(ctx, nc, *setup.Server, setup.Ledger)
	case setup.Client != nil:
		actor, err = startClient(nc, *setup.Client, setup.Ledger)
	case setup.Liar != nil:
		actor, err = startLiar(ctx, nc, setup.Ledger)
	default:
		err = fmt.Errorf("the part %q is nothing", setup.Name)
	}
	if err != nil {
		nc.Close()
	}
	return actor, err
}
