package table

import (
	"errors"
	"strings"
	"testing"
)

func TestColour(t *testing.T) {
	var text strings.Builder
	table := New(&text)
	table.colour = true
	table.Begin("title", nil, []Column{{"name", 9}, {"cell", 0}})
	table.Row("name", []string{"cell"}, errors.New("first\nsecond"))
	for _, want := range []string{"\x1b[31m✗\x1b[0m name", "\x1b[31msecond\x1b[0m"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in %q", want, text.String())
		}
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 5, ""},
		{"one two three", 7, "one two|three"},
		{"one\ntwo", 20, "one|two"},
		{"aaa:bbb:ccc d", 8, "aaa:bbb:|ccc d"},
		{"unbreakable", 4, "unbreakable"},
		{"ü→… ü", 5, "ü→… ü"},
	} {
		if got := strings.Join(wrap(test.text, test.width), "|"); got != test.want {
			t.Errorf("wrap(%q, %d) = %q, want %q", test.text, test.width, got, test.want)
		}
	}
}
