package rpcclient_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/vectors"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
)

// answersFile is testdata/vectors/answers.json.
type answersFile struct {
	About string
	Calls []struct {
		Name    string
		Answers []struct{ To, Hex string }
		Result  json.RawMessage
		Error   *vectors.Error
	}
}

func TestACallerTakesAnswersAsTheVectorsSay(t *testing.T) {
	var file answersFile
	vectors.Read(t, "../testdata/vectors/answers.json", &file)
	if len(file.Calls) < 15 {
		t.Fatalf("%d calls; the vectors are incomplete", len(file.Calls))
	}
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{MaxAttempts: 1}})
	nc := env.Conn("answers")
	calls := make(chan fakeCall, 1)
	subscribe(t, nc, "helium.call.vectors.answer", func(m *nats.Msg) {
		frames, err := wire.ReadMessage(m.Data)
		var f wire.Frame
		for err == nil && f.Kind != wire.KindCall {
			err = frames.Next(&f)
		}
		if err != nil {
			t.Errorf("the call %x: %v", m.Data, err)
		}
		calls <- fakeCall{f.Seq, m.Reply}
	})
	registry, err := binder.NewClient(nc, "")
	if err != nil {
		t.Fatal(err)
	}
	record := binder.Record{Service: "vectors", Instance: "i1", Methods: []binder.Method{{Name: "answer", Signature: "answer() int64"}}}
	if _, err := registry.Register(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	for _, v := range file.Calls {
		t.Run(v.Name, func(t *testing.T) {
			type outcome struct {
				result int64
				err    error
			}
			done := make(chan outcome, 1)
			go func() {
				result, err := rpcclient.Call[int64](t.Context(), env.Client, "vectors.answer")
				done <- outcome{result, err}
			}()
			call := <-calls
			for _, a := range v.Answers {
				subject := call.reply
				if a.To != "" {
					subject = subject[:strings.LastIndexByte(subject, '.')+1] + a.To
				}
				data := vectors.Hex(t, strings.ReplaceAll(a.Hex, "<seq>", fmt.Sprintf("cf%016x", call.seq)))
				if err := nc.Publish(subject, data); err != nil {
					t.Fatal(err)
				}
			}
			got := <-done
			switch {
			case v.Error == nil:
				if text := fmt.Sprint(got.result); got.err != nil || text != string(v.Result) {
					t.Errorf("got %s, %v; want %s", text, got.err, v.Result)
				}
			case got.err == nil:
				t.Errorf("got %d, want the error %+v", got.result, v.Error)
			default:
				checkError(t, helium.AsError(got.err), v.Error)
			}
		})
	}
}

// checkError compares the fields that a vector gives.
func checkError(t *testing.T, got *helium.Error, want *vectors.Error) {
	t.Helper()
	differs := func(got string, want *string) bool { return want != nil && got != *want }
	if got.Code.String() != want.Code || want.Outcome != "" && got.Outcome.String() != want.Outcome ||
		differs(got.Reason, want.Reason) || differs(got.Message, want.Message) || differs(got.Instance, want.Instance) ||
		want.Details != nil && !maps.Equal(got.Details, want.Details) {
		text, _ := json.Marshal(want) // a struct of texts always can be
		t.Errorf("got the error %+v, want %s", got, text)
	}
}
