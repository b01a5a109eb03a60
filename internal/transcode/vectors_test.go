package transcode_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/internal/vectors"
	"github.com/helium-rpc/helium/signature"
)

func TestStructuresTurnIntoJSONAndBackAsTheVectorsSay(t *testing.T) {
	var file struct {
		Structures struct {
			Types   map[string]string
			Vectors []struct {
				As, Hex, Note, Compare string
				JSON                   json.RawMessage
				OnlyRead               bool `json:"only_read"`
			}
		}
		Texts []struct {
			As, Hex, Error, Note string
			JSON                 json.RawMessage
		}
		About                           string
		Values, Reads, Misfits, Rejects json.RawMessage
	}
	vectors.Read(t, "../../testdata/vectors/values.json", &file)
	types, err := signature.ParseTypes(file.Structures.Types)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range file.Structures.Vectors {
		m, err := types.Parse("f() " + v.As)
		if err != nil {
			t.Errorf("the type %s: %v", v.As, err)
			continue
		}
		data := vectors.Hex(t, v.Hex)
		text, err := transcode.JSON(data, m.Result)
		if err != nil || !sameJSON(t, text, v.JSON, v.OnlyRead) {
			t.Errorf("%s as %s: got %s, %v; want %s", v.Hex, v.As, text, err, v.JSON)
		}
		if got, err := transcode.Value(v.JSON, m.Result); !v.OnlyRead && (err != nil || !bytes.Equal(got, data)) {
			t.Errorf("%s as %s: got % x, %v; want %s", v.JSON, v.As, got, err, v.Hex)
		}
	}
	for _, v := range file.Texts {
		m, err := types.Parse("f() " + v.As)
		if err != nil {
			t.Errorf("the type %s: %v", v.As, err)
			continue
		}
		got, err := transcode.Value(v.JSON, m.Result)
		switch {
		case v.Error != "":
			if err == nil || !strings.Contains(err.Error(), v.Error) {
				t.Errorf("%s as %s: got % x, %v; want an error with %q", v.JSON, v.As, got, err, v.Error)
			}
		case err != nil || !bytes.Equal(got, vectors.Hex(t, v.Hex)):
			t.Errorf("%s as %s: got % x, %v; want %s", v.JSON, v.As, got, err, v.Hex)
		}
	}
}

// sameJSON compares by value. What is printed of a value that is only read may hold what
// its type doesn't: a reader that knows the type skips it.
func sameJSON(t *testing.T, got, want []byte, more bool) bool {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got, &g); err != nil {
		return false
	}
	if object, ok := g.(map[string]any); ok && more {
		wanted, _ := w.(map[string]any)
		for k := range object {
			if _, there := wanted[k]; !there {
				delete(object, k)
			}
		}
	}
	a, _ := json.Marshal(g)
	b, _ := json.Marshal(w)
	return bytes.Equal(a, b)
}
