package schema

// Config says how documents and clients are made. Its zero value works.
type Config struct {
	// Prefix is the first part of the subjects of calls. Default: "helium".
	Prefix string
	// Title is the title of an OpenRPC document. Default: the names of the services.
	Title string
	// Command is the command that makes the output, named in its first lines so that a
	// reader knows how to make it anew. Default: none is named.
	Command string
}

// withDefaults returns the Config with the fields filled in whose defaults are the same for
// all services.
func (config Config) withDefaults() Config {
	if config.Prefix == "" {
		config.Prefix = "helium"
	}
	return config
}
