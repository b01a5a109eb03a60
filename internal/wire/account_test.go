package wire

import (
	"bytes"
	"testing"

	"github.com/helium-rpc/helium/internal/vectors"
)

// accountVectors is testdata/vectors/stream_accounts.json.
type accountVectors struct {
	About  string
	Frames []struct {
		Name, Hex               string
		Seq, Items, Part, Bytes vectors.Number
		CreditItems             vectors.Number `json:"credit_items"`
		OnlyRead                bool           `json:"only_read"`
	}
	Refused []struct {
		Name, Hex string
		Whole     bool // the message, not what the frame says
	}
}

func TestAccountsOfStreamsAreWrittenAndReadAsTheVectorsSay(t *testing.T) {
	var file accountVectors
	vectors.Read(t, "../../testdata/vectors/stream_accounts.json", &file)
	if len(file.Frames) < 5 || len(file.Refused) < 5 {
		t.Fatalf("%d frames, %d refused; the vectors are incomplete", len(file.Frames), len(file.Refused))
	}
	for _, v := range file.Frames {
		message := unhex(t, v.Hex)
		frames, err := readAll(message)
		if err != nil || len(frames) != 1 || frames[0].Kind != KindAccount || frames[0].Seq != uint64(v.Seq) {
			t.Errorf("%s: read %v, %v; want one frame of kind 20 and number %d", v.Name, frames, err, v.Seq)
			continue
		}
		want := Account{Items: uint64(v.Items), Part: uint64(v.Part), Credit: Credit{Bytes: uint64(v.Bytes), Items: uint64(v.CreditItems)}}
		if got, err := ReadAccount(frames[0].Body); err != nil || got != want {
			t.Errorf("%s: read %v, %v; want %v", v.Name, got, err, want)
		}
		written := AppendFrame(AppendMessageHeader(nil), &Frame{Kind: KindAccount, Seq: uint64(v.Seq), Body: AppendAccount(nil, want)})
		if !v.OnlyRead && !bytes.Equal(written, message) {
			t.Errorf("%s: wrote %x, want %x", v.Name, written, message)
		}
	}
	for _, v := range file.Refused {
		frames, err := readAll(unhex(t, v.Hex))
		if v.Whole != (err != nil) {
			t.Errorf("%s: the message is read with error %v, want one: %t", v.Name, err, v.Whole)
		}
		if err == nil {
			if got, err := ReadAccount(frames[0].Body); err == nil {
				t.Errorf("%s: read %v, want an error", v.Name, got)
			}
		}
	}
}
