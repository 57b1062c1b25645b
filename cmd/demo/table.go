package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

const (
	lineWidth = 110
	indent    = 2
)

// column is one column of a part's table. The last one takes what room is left, and wraps.
type column struct {
	title string
	width int
}

// table prints rows as they come, so that a slow step is seen to be one.
type table struct {
	w       io.Writer
	colour  bool
	columns []column
	quotes  []string // of peers, for below the row
}

// newTable colours if w is a terminal and the user does not mind: no-color.org.
func newTable(w io.Writer) *table {
	t := &table{w: w}
	if f, ok := w.(*os.File); ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
		info, err := f.Stat()
		t.colour = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return t
}

// Colours of terminals.
const (
	bold  = "1"
	dim   = "2"
	red   = "31"
	green = "32"
)

func (t *table) paint(code, s string) string {
	if !t.colour || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (t *table) title(s string) { fmt.Fprintln(t.w, t.paint(bold, s)) }
func (t *table) praise(s string) {
	fmt.Fprintf(t.w, "\n%s %s\n", t.paint(green, "✓"), t.paint(bold, s))
}

func (t *table) fault(s string) { fmt.Fprintf(t.w, "\n%s %s\n", t.paint(red, "✗"), t.paint(bold, s)) }

// begin prints the head of a part.
func (t *table) begin(p part) {
	t.columns = p.columns
	fmt.Fprintf(t.w, "\n%s\n", t.paint(bold, p.title))
	for _, note := range p.notes {
		fmt.Fprintln(t.w, t.paint(dim, strings.Repeat(" ", indent)+note))
	}
	var titles []string
	for _, c := range p.columns {
		titles = append(titles, c.title)
	}
	if titles[0] != "" {
		fmt.Fprintln(t.w, t.paint(dim, t.lines(titles)[0]))
	}
}

// row prints one step, and below it what was wrong and what the peers said.
func (t *table) row(name string, cells []string, err error) {
	mark := t.paint(green, "✓")
	if err != nil {
		mark = t.paint(red, "✗")
	}
	for i, line := range t.lines(append([]string{name}, cells...)) {
		if i == 0 {
			line = mark + line[1:]
		}
		fmt.Fprintln(t.w, line)
	}
	if err != nil {
		for _, line := range wrap(err.Error(), lineWidth-2*indent) {
			fmt.Fprintln(t.w, strings.Repeat(" ", 2*indent)+t.paint(red, line))
		}
	}
	for _, q := range t.quotes {
		fmt.Fprintln(t.w, t.paint(dim, q))
	}
	t.quotes = nil
}

// quote keeps what a peer printed until its row stands.
func (t *table) quote(peer, text string) {
	for line := range strings.Lines(text) {
		t.quotes = append(t.quotes, strings.Repeat(" ", 2*indent)+peer+" │ "+strings.TrimRight(line, " \r\n"))
	}
}

// lines lays out a row. The first one begins with room for a mark.
func (t *table) lines(cells []string) []string {
	left, last := strings.Repeat(" ", indent), len(cells)-1
	for i, cell := range cells[:last] {
		left += pad(cell, t.columns[i].width)
	}
	room := utf8.RuneCountInString(left)
	lines := wrap(cells[last], lineWidth-room)
	for i := range lines {
		lines[i] = left + lines[i]
		left = strings.Repeat(" ", room)
	}
	return lines
}

// pad fills with blanks. A cell that is too long still keeps its distance.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-utf8.RuneCountInString(s), 1))
}

// wrap breaks each line of s at blanks, and a word that is too long at colons.
func wrap(s string, width int) (lines []string) {
	for _, source := range strings.Split(s, "\n") {
		line := ""
		for _, word := range strings.Fields(source) {
			for _, piece := range pieces(word, width) {
				switch {
				case line == "":
					line = piece
				case utf8.RuneCountInString(line+" "+piece) <= width:
					line += " " + piece
				default:
					lines, line = append(lines, line), piece
				}
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func pieces(word string, width int) (ps []string) {
	for len(word) > width {
		i := strings.LastIndexByte(word[:width], ':') + 1
		if i == 0 {
			break
		}
		ps, word = append(ps, word[:i]), word[i:]
	}
	return append(ps, word)
}
