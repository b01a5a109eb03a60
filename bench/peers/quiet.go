package peers

import (
	arpclog "github.com/lesismal/arpc/log"
	rpcxlog "github.com/smallnest/rpcx/log"
)

// Two peers log each connection to the standard output, by loggers that the whole
// program shares. They are turned off before anything runs.
func init() {
	arpclog.SetLevel(arpclog.LevelNone)
	rpcxlog.SetDummyLogger()
}
