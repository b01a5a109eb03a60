package gofields_test

import (
	"testing"

	"github.com/helium-rpc/helium/internal/gofields"
)

func TestTagsSayWhatTheySayToEncodingJSON(t *testing.T) {
	for tags, want := range map[string]gofields.Tag{
		``:                              {},
		`json:"-"`:                      {Skip: true},
		`json:"-,"`:                     {Name: "-"},
		`json:"-,omitempty"`:            {Name: "-", OmitEmpty: true},
		`json:"a"`:                      {Name: "a"},
		`json:" a "`:                    {Name: " a "},
		`json:"a\\b"`:                   {},
		`json:"a'b,omitzero"`:           {OmitZero: true},
		`json:",string, omitempty"`:     {AsString: true},
		`json:"a,inline,alias:b"`:       {Name: "a"},
		`msgpack:"-"`:                   {Skip: true},
		`msgpack:"-,"`:                  {Name: "-"},
		`msgpack:" a , omitempty "`:     {Name: "a", OmitEmpty: true},
		`msgpack:"a'b"`:                 {Name: "a'b"},
		`msgpack:"a,alias:b,inline"`:    {Name: "a", Alias: "b", Inline: true},
		`msgpack:",noinline" json:"a"`:  {NoInline: true},
		`msgpack:"" json:"a,omitempty"`: {Name: "a", OmitEmpty: true},
	} {
		if got := gofields.ParseTag(tags); got != want {
			t.Errorf("%s: got %+v, want %+v", tags, got, want)
		}
	}
}
