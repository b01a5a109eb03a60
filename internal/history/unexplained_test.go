package history_test

import (
	"os"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/history"
	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

// at is a request from one second to another.
func at(from, to int64, r history.Request) history.Request {
	r.Service, r.From, r.To = "s", from*int64(time.Second), to*int64(time.Second)
	return r
}

func lost(r history.Request) history.Request {
	r.Failed, r.Unknown = true, true
	return r
}

func lostUntil(by int64, r history.Request) history.Request {
	r.Failed, r.Unknown, r.By = true, true, by*int64(time.Second)
	return r
}

func refused(r history.Request) history.Request {
	r.Failed = true
	return r
}

func TestWhatIsNotPromisedIsNotExplained(t *testing.T) {
	var (
		put      = history.Request{Do: history.Register, Version: "1"}
		again    = history.Request{Do: history.Register, Version: "2"}
		end      = history.Request{Do: history.End}
		renewed  = history.Request{Do: history.Renew}
		unknown  = history.Request{Do: history.Renew, Missing: true}
		found    = history.Request{Do: history.Lookup, Version: "1"}
		notFound = history.Request{Do: history.Lookup, Missing: true}
		wiped    = history.Request{Do: history.Wipe}
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
		"a lookup that failed":                       {[]history.Request{at(1, 2, put), refused(at(3, 4, notFound)), at(5, 6, renewed)}, true},
		"unknown after a wipe":                       {[]history.Request{at(1, 2, put), at(3, 4, wiped), at(5, 6, unknown)}, true},
		"renewed after a wipe":                       {[]history.Request{at(1, 2, put), at(3, 4, wiped), at(5, 6, renewed)}, false},
		"renewed after a wipe that failed":           {[]history.Request{at(1, 2, put), refused(at(3, 4, wiped)), at(5, 6, renewed)}, true},
		"unknown before a wipe":                      {[]history.Request{at(1, 2, put), at(3, 4, unknown), at(5, 6, wiped)}, false},
		"back for a moment after an end":             {[]history.Request{at(1, 2, put), at(3, 4, end), lostUntil(8, at(1, 2, put)), at(5, 6, renewed)}, true},
		"not back after an end, as it may be":        {[]history.Request{at(1, 2, put), at(3, 4, end), lostUntil(8, at(5, 6, put)), at(9, 10, unknown)}, true},
		"back for longer":                            {[]history.Request{at(1, 2, put), at(3, 4, end), lostUntil(8, at(1, 2, put)), at(5, 6, unknown), at(9, 10, unknown), at(11, 12, renewed)}, false},
	} {
		got := history.Check(c.requests, history.Stale)
		if explained := len(got) == 0; explained != c.want {
			t.Errorf("%s: explained %t, want %t", name, explained, c.want)
		}
	}
}

func TestEachServiceIsAHistoryOfItsOwn(t *testing.T) {
	put, other := at(1, 2, history.Request{Do: history.Register, Version: "1"}), at(3, 4, history.Request{Do: history.Renew, Missing: true})
	other.Service = "t"
	if got := history.Check([]history.Request{put, other}, history.Stale); len(got) != 0 {
		t.Errorf("%v aren't explained, want that another service isn't there", got)
	}
	other.Missing = false
	if got := history.Check([]history.Request{put, other}, history.Stale); len(got) != 1 || got[0].Service != "t" {
		t.Errorf("%v aren't explained, want t alone", got)
	}
}
