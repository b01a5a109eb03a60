package gofields

import (
	"reflect"
	"strings"
	"unicode"
)

// Tag is what the tag of a field says. The tag msgpack counts, and where there is none
// the tag json, which is read as encoding/json reads it.
type Tag struct {
	// Name is the name on the wire, "" for the field's own. Skip keeps the field off it.
	Name string
	Skip bool
	// OmitEmpty, OmitZero and AsString are options of encoding/json: omitempty,
	// omitzero and string. They mean the same in both tags.
	OmitEmpty, OmitZero, AsString bool
	// Alias, Inline and NoInline are options of the tag msgpack alone. Under its alias
	// a field is read, too; inline and noinline say whether an embedded struct lends its
	// fields, whatever its name.
	Alias            string
	Inline, NoInline bool
}

// ParseTag reads the tags of a field.
func ParseTag(tags string) Tag {
	text := reflect.StructTag(tags).Get("msgpack")
	if text == "" {
		return parseJSONTag(reflect.StructTag(tags).Get("json"))
	}
	if strings.TrimSpace(text) == "-" {
		return Tag{Skip: true}
	}
	name, options, _ := strings.Cut(text, ",")
	tag := Tag{Name: strings.TrimSpace(name)}
	for option := range strings.SplitSeq(options, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(option), ":")
		switch key {
		case "alias":
			tag.Alias = strings.TrimSpace(value)
		case "inline":
			tag.Inline = true
		case "noinline":
			tag.NoInline = true
		default:
			tag.option(key)
		}
	}
	return tag
}

// parseJSONTag follows encoding/json to the blank: "-" skips a field and "-," is the name
// "-"; a name with characters that a name can't have counts for none.
func parseJSONTag(text string) Tag {
	if text == "-" {
		return Tag{Skip: true}
	}
	name, options, _ := strings.Cut(text, ",")
	var tag Tag
	if isJSONName(name) {
		tag.Name = name
	}
	for option := range strings.SplitSeq(options, ",") {
		tag.option(option)
	}
	return tag
}

func (t *Tag) option(word string) {
	switch word {
	case "omitempty":
		t.OmitEmpty = true
	case "omitzero":
		t.OmitZero = true
	case "string":
		t.AsString = true
	}
}

// isJSONName reports whether encoding/json takes a name from a tag.
func isJSONName(name string) bool {
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) {
			return false
		}
	}
	return name != ""
}
