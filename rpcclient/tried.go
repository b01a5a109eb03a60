package rpcclient

import (
	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/directory"
)

// tried is what the attempts of one call found out.
type tried struct {
	fallbacks int              // in this attempt, but for those around instances, each of which is tried once
	alone     bool             // the call is to go on its method's own subject
	anyone    bool             // it isn't to be addressed to an instance that its link chooses
	deserted  bool             // as nobody listened where messages of several methods go
	asked     bool             // the binders were asked where else it could go
	avoid     []string         // instances that are gone or don't have the method
	refused   []directory.Form // what the arguments don't fit, as a server found
	missing   *helium.Error    // an instance said that it doesn't have the method
}
