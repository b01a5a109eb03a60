package signature_test

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/signature"
)

// vectors are what a second implementation of the notation is tested with.
type vectors struct {
	About  string
	Accept []struct {
		Signature   string
		Types       map[string]string
		Prints      string            // Signature, if empty
		PrintsTypes map[string]string `json:"prints_types"` // Types, if empty
	}
	Reject []struct {
		Signature  string
		Types      map[string]string
		Why, Error string
	}
	Fits []struct {
		Stub        string
		StubTypes   map[string]string `json:"stub_types"`
		Remote      string
		RemoteTypes map[string]string `json:"remote_types"`
		Fits        bool
		Error       string
	}
}

// readVectors reads those of all signatures, and those of streams.
func readVectors(t *testing.T) vectors {
	t.Helper()
	all, streams := readFile(t, "signatures.json"), readFile(t, "stream_signatures.json")
	all.Accept, all.Reject, all.Fits = append(all.Accept, streams.Accept...), append(all.Reject, streams.Reject...), append(all.Fits, streams.Fits...)
	return all
}

func readFile(t *testing.T, name string) vectors {
	t.Helper()
	f, err := os.Open("../testdata/vectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dec := json.NewDecoder(f)
	dec.DisallowUnknownFields()
	var v vectors
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if len(v.Accept) == 0 || len(v.Reject) == 0 || len(v.Fits) == 0 {
		t.Fatal("the vectors lack a section")
	}
	return v
}

func TestVectorsThatAreAcceptedPrintAsTheySay(t *testing.T) {
	for _, v := range readVectors(t).Accept {
		types, err := signature.ParseTypes(v.Types)
		if err != nil {
			t.Errorf("ParseTypes(%v): got %v, want no error", v.Types, err)
			continue
		}
		m, err := types.Parse(v.Signature)
		if err != nil {
			t.Errorf("Parse(%q): got %v, want no error", v.Signature, err)
			continue
		}
		want, wantTypes := v.Prints, v.PrintsTypes
		if want == "" {
			want = v.Signature
		}
		if wantTypes == nil {
			wantTypes = v.Types
		}
		if got := m.String(); got != want {
			t.Errorf("Parse(%q) prints %q, want %q", v.Signature, got, want)
		}
		if got := types.Definitions(); !maps.Equal(got, wantTypes) {
			t.Errorf("the types of %q print %q, want %q", v.Signature, got, wantTypes)
		}
	}
}

func TestVectorsThatAreRejectedSayWhy(t *testing.T) {
	for _, v := range readVectors(t).Reject {
		types, err := signature.ParseTypes(v.Types)
		if err == nil {
			_, err = types.Parse(v.Signature)
		}
		if err == nil || !strings.Contains(err.Error(), v.Error) {
			t.Errorf("%q with types %q (%s): got error %v, want one with %q", v.Signature, v.Types, v.Why, err, v.Error)
		}
	}
}

func TestVectorsOfStubsThatFit(t *testing.T) {
	for _, v := range readVectors(t).Fits {
		stub, remote := parse(t, v.Stub, v.StubTypes), parse(t, v.Remote, v.RemoteTypes)
		err := signature.Fits(stub, remote)
		switch {
		case v.Fits && err != nil:
			t.Errorf("stub %s for %s: got %v, want it to fit", v.Stub, v.Remote, err)
		case !v.Fits && (err == nil || !strings.HasSuffix(err.Error(), v.Error)):
			t.Errorf("stub %s for %s: got %v, want an error that ends with %q", v.Stub, v.Remote, err, v.Error)
		}
	}
}

func parse(t *testing.T, text string, types map[string]string) *signature.Method {
	t.Helper()
	ts, err := signature.ParseTypes(types)
	if err != nil {
		t.Fatal(err)
	}
	m, err := ts.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
