package broker

import (
	"crypto/tls"

	"github.com/helium-rpc/helium"
)

// checkCertificate makes sure that a listener has a certificate, if it is to have TLS. Field is
// its name in the Config.
func checkCertificate(field string, config *tls.Config) error {
	if config != nil && len(config.Certificates) == 0 && config.GetCertificate == nil && config.GetConfigForClient == nil {
		return helium.NewConfigError("broker", "{"+field+"} has no certificate; load one with tls.LoadX509KeyPair into its Certificates")
	}
	return nil
}
