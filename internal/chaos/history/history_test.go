package history_test

import (
	"os"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/history"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

// at is a request from one second to another.
func at(from, to int64, r ledger.Request) history.Request {
	r.Service = "s"
	return history.Request{Request: r, From: from * int64(time.Second), To: to * int64(time.Second)}
}

func lost(r history.Request) history.Request {
	r.Failed, r.Unknown = true, true
	return r
}

func refused(r history.Request) history.Request {
	r.Failed = true
	return r
}

func TestWhatIsNotPromisedIsNotExplained(t *testing.T) {
	var (
		put      = ledger.Request{Do: ledger.Register, Version: "1"}
		again    = ledger.Request{Do: ledger.Register, Version: "2"}
		end      = ledger.Request{Do: ledger.End}
		renewed  = ledger.Request{Do: ledger.Renew}
		unknown  = ledger.Request{Do: ledger.Renew, Missing: true}
		found    = ledger.Request{Do: ledger.Find, Version: "1"}
		notFound = ledger.Request{Do: ledger.Find, Missing: true}
	)
	for name, c := range map[string]struct {
		requests []history.Request
		want     bool
	}{
		"found after a registration":                 {[]history.Request{at(1, 2, put), at(3, 4, found)}, true},
		"not found after a registration":             {[]history.Request{at(1, 2, put), at(3, 4, notFound)}, false},
		"not found while one is under way":           {[]history.Request{at(1, 4, put), at(2, 3, notFound)}, true},
		"found a moment after it ended":              {[]history.Request{at(1, 2, put), at(3, 4, end), at(5, 6, found)}, true},
		"found long after it ended":                  {[]history.Request{at(1, 2, put), at(3, 4, end), at(15, 16, found)}, false},
		"renewed after it ended":                     {[]history.Request{at(1, 2, put), at(3, 4, end), at(5, 6, renewed)}, false},
		"renewed while it ends":                      {[]history.Request{at(1, 2, put), at(3, 6, end), at(4, 5, renewed)}, true},
		"unknown though registered":                  {[]history.Request{at(1, 2, put), at(3, 4, unknown)}, false},
		"the version of before":                      {[]history.Request{at(1, 2, put), at(3, 4, again), at(15, 16, found)}, false},
		"unknown after a registration that got lost": {[]history.Request{lost(at(1, 2, put)), at(3, 4, unknown)}, true},
		"renewed after a registration that got lost": {[]history.Request{lost(at(1, 2, put)), at(3, 4, unknown), at(5, 6, renewed)}, true},
		"lost before it began":                       {[]history.Request{at(1, 2, renewed), lost(at(3, 4, put))}, false},
		"back after an end that got lost":            {[]history.Request{at(1, 2, put), lost(at(3, 4, end)), at(5, 6, unknown), at(7, 8, renewed)}, false},
		"an end that was refused and carried out":    {[]history.Request{at(1, 2, put), refused(at(3, 4, end)), at(5, 6, unknown)}, false},
		"a renewal that got lost":                    {[]history.Request{at(1, 2, put), lost(at(3, 4, unknown)), at(5, 6, renewed)}, true},
	} {
		got := history.Unexplained(c.requests)
		if explained := len(got) == 0; explained != c.want {
			t.Errorf("%s: explained %t, want %t", name, explained, c.want)
		}
	}
}

func TestEachServiceIsAHistoryOfItsOwn(t *testing.T) {
	put, other := at(1, 2, ledger.Request{Do: ledger.Register, Version: "1"}), at(3, 4, ledger.Request{Do: ledger.Renew, Missing: true})
	other.Service = "t"
	if got := history.Unexplained([]history.Request{put, other}); len(got) != 0 {
		t.Errorf("%q aren't explained, want that another service isn't there", got)
	}
	other.Missing = false
	if got := history.Unexplained([]history.Request{put, other}); len(got) != 1 || got[0] != "t" {
		t.Errorf("%q aren't explained, want t alone", got)
	}
}
