package direct

import (
	"strings"
	"testing"
)

func TestAddressesAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]struct {
		network, where    string
		onHost, encrypted bool
	}{
		"10.0.0.7:7001":       {"tcp", "10.0.0.7:7001", false, true},
		"127.0.0.1:0":         {"tcp", "127.0.0.1:0", true, false},
		"localhost:7001":      {"tcp", "localhost:7001", true, false},
		"[::1]:7001":          {"tcp", "[::1]:7001", true, false},
		"[2001:db8::1]:7001":  {"tcp", "[2001:db8::1]:7001", false, true},
		":7001":               {"tcp", ":7001", false, true},
		"math.internal:7001":  {"tcp", "math.internal:7001", false, true},
		"plain:10.0.0.7:7001": {"tcp", "10.0.0.7:7001", false, false},
		"unix:/run/helium":    {"unix", "/run/helium", true, false},
		"unix:math.sock":      {"unix", "math.sock", true, false},
		"memory:":             {"memory", "", true, false},
	} {
		a, err := ParseAddress(text)
		if err != nil || a.Network != want.network || a.Where != want.where || a.OnHost() != want.onHost || a.Encrypted() != want.encrypted {
			t.Errorf("%q: got %+v, on host: %t, encrypted: %t, %v; want %+v", text, a, a.OnHost(), a.Encrypted(), err, want)
		}
		if a.String() != text {
			t.Errorf("%q is written as %q, want the same", text, a)
		}
	}
}

func TestWhatIsNoAddressIsRefusedWithAHint(t *testing.T) {
	for _, text := range []string{"", " ", "7001", "10.0.0.7", "10.0.0.7:", "10.0.0.7:http", "10.0.0.7:70000", "10.0.0.7:-1", "tcp://10.0.0.7:1", "unix:", "memory:x", "plain:memory:", "plain:unix:/run/x", "plain:", "10.0.0.7:1,"} {
		var err error
		if strings.Contains(text, ",") {
			_, err = ParseAddresses(text)
		} else {
			_, err = ParseAddress(text)
		}
		if err == nil {
			t.Errorf("%q is taken for an address, want an error", text)
		}
	}
	if all, err := ParseAddresses(" 127.0.0.1:0, unix:/run/x ,plain:10.0.0.7:1"); err != nil || len(all) != 3 || all[1].Where != "/run/x" {
		t.Errorf("three addresses with blanks around: got %v, %v", all, err)
	}
	if all, err := ParseAddresses(" "); err != nil || all != nil {
		t.Errorf("none: got %v, %v", all, err)
	}
}

func TestWhatNobodyCanDialIsNotAdvertised(t *testing.T) {
	for _, test := range []struct {
		advertise, listen string
		fault             string // "": none
	}{
		{"proxy:0", "127.0.0.1:0", ""},
		{"proxy:7001", "unix:/run/x", ""},
		{"proxy:7001,unix:/run/x", "memory:", ""},
		{"[::1]:0", "unix:/run/x,:0", ""},
		{":0", "127.0.0.1:0", "names no host"},
		{"0.0.0.0:7001", "127.0.0.1:0", "names no host"},
		{"plain:[::]:7001", ":0", "names no host"},
		{"127.0.0.1:0", "unix:/run/x", "has port 0"},
		{"plain:proxy:0", "memory:", "has port 0"},
		{"memory:", "127.0.0.1:0", "nothing to dial"},
	} {
		advertise, err := ParseAddresses(test.advertise)
		if err != nil {
			t.Fatal(err)
		}
		listen, err := ParseAddresses(test.listen)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckAdvertised(advertise, listen); (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
			t.Errorf("to advertise %q where %q is listened on: got %v, want %q", test.advertise, test.listen, err, test.fault)
		}
	}
}

func TestCallersAreToldWhatToDialThoseOfThisHostFirst(t *testing.T) {
	s := listen(t, "memory:,0.0.0.0:0,127.0.0.1:0,unix:"+t.TempDir())
	all := s.Addresses()
	if len(all) != 3 || all[0].Network != "unix" || !strings.HasPrefix(all[1].Where, "127.0.0.1:") || !strings.HasPrefix(all[2].Where, "192.0.2.7:") || all[2].port() == "0" {
		t.Errorf("callers are told %v, want the socket, the loopback, and this machine's address with the port that is listened on", all)
	}
	s.config.Advertise = []Address{{Network: "tcp", Where: "proxy:0"}, {Network: "unix", Where: "/run/x"}}
	if all := s.Addresses(); len(all) != 2 || all[0].String() != "unix:/run/x" || !strings.HasPrefix(all[1].Where, "proxy:") || all[1].port() == "0" {
		t.Errorf("callers are told %v, want what is advertised, with the port that is listened on", all)
	}
}
