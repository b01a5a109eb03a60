package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/direct"
)

// listenFlags say where a service takes direct links.
type listenFlags struct{ listen, advertise string }

func (f *listenFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.listen, "listen", "", "`addresses` where callers may call without NATS in between: host:port, port 0 for a free one; unix: and a path; plain: before one beyond loopback that shall not be TLS; comma separated (default: nowhere)")
	flags.StringVar(&f.advertise, "advertise", "", "`addresses` that callers dial, where those of --listen aren't what leads there; port 0 stands for the one that is listened on")
}

// check refuses what can't be meant, before anything is waited for.
func (f *listenFlags) check() error {
	refuse := func(err error) error { return cli.Fail(cli.ExitUsage, "helium serve math --help", err) }
	if f.advertise != "" && f.listen == "" {
		return refuse(errors.New("--advertise says how callers get to where --listen says; give both"))
	}
	listen, err := direct.ParseAddresses(f.listen)
	if err != nil {
		return refuse(fmt.Errorf("--listen: %w", err))
	}
	advertise, err := direct.ParseAddresses(f.advertise)
	if err == nil {
		err = direct.CheckAdvertised(advertise, listen)
	}
	if err != nil {
		return refuse(fmt.Errorf("--advertise: %w", err))
	}
	return nil
}
