package bus

import (
	"os"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/helium-rpc/helium"
)

// credentialsOf refuses two kinds of credentials at once and reads the one there is, so that
// a mistake shows before anything goes over the network. It returns nil if there are none but
// those in the URL.
func credentialsOf(config Config, inURL bool) (nats.Option, error) {
	var kinds []string
	if config.Credentials != "" {
		kinds = append(kinds, "{Credentials}")
	}
	if config.NKeySeed != "" {
		kinds = append(kinds, "{NKeySeed}")
	}
	if config.User != "" || config.Password != "" {
		kinds = append(kinds, "{User} and {Password}")
	}
	if config.Token != "" {
		kinds = append(kinds, "{Token}")
	}
	if inURL {
		kinds = append(kinds, "credentials inside the URL")
	}
	switch {
	case len(kinds) > 1:
		return nil, helium.NewConfigError("bus", "the Config holds several kinds of credentials: "+strings.Join(kinds, ", ")+"; keep one")
	case config.User == "" && config.Password != "":
		return nil, helium.NewConfigError("bus", "the Config has a {Password} and no {User}; set {User} too, or put a token into {Token}")
	case config.Credentials != "":
		return nats.UserCredentials(config.Credentials), checkCredentials(config.Credentials)
	case config.NKeySeed != "":
		return nkeyOption(config.NKeySeed)
	case config.User != "":
		return nats.UserInfo(config.User, config.Password), nil
	case config.Token != "":
		return nats.Token(config.Token), nil
	}
	return nil, nil
}

// checkCredentials looks into a .creds file for what nats.go reads at each connect.
func checkCredentials(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return helium.ConfigErrorf("bus", "can't read the credentials file: %w; check {Config.Credentials}", err)
	}
	// What isn't decorated is returned whole, so look whether it is a JWT: "eyJ" is
	// how the base64 of a JSON object begins.
	if token, err := nkeys.ParseDecoratedJWT(content); err != nil || !strings.HasPrefix(strings.TrimSpace(token), "eyJ") {
		return helium.ConfigErrorf("bus", "%s holds no user JWT; a .creds file comes from \"nsc generate creds\" or your NATS operator", path)
	}
	pair, err := nkeys.ParseDecoratedNKey(content)
	if err != nil {
		return helium.ConfigErrorf("bus", "%s holds no nkey seed; a .creds file has one behind its JWT, so fetch it again", path)
	}
	pair.Wipe()
	return nil
}

func nkeyOption(seed string) (nats.Option, error) {
	// The seed must not show in the error: it is the secret itself.
	bad := helium.NewConfigError("bus", "{Config.NKeySeed} isn't the seed of a user's nkey; it is the text beginning with \"SU\" that \"nsc\" or \"nk -gen user\" prints, not the path of a file")
	pair, err := nkeys.FromSeed([]byte(strings.TrimSpace(seed)))
	if err != nil {
		return nil, bad
	}
	public, err := pair.PublicKey()
	if err != nil || !nkeys.IsValidPublicUserKey(public) {
		return nil, bad
	}
	return nats.Nkey(public, pair.Sign), nil
}
