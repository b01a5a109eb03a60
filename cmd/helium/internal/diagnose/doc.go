// Package diagnose is "helium why" and "helium doctor", which are one engine: an [examiner]
// makes one check after another, each of which tells its [finding]. The one goes along the way
// of a call to one method, the other through all that calls rest on.
//
//	why.go     ─▶ way_registry.go, way_call.go                        ─┐
//	doctor.go  ─▶ doctor_setup.go, _nats.go, _user.go, _registry.go   ─┴▶ access.go ─▶ finding.go
package diagnose
