// Package table prints tables for people, row by row.
package table

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

// Column is one column of a table. The last one takes what room is left, and wraps.
type Column struct {
	title string
	width int
}

// Col makes a Column.
func Col(title string, width int) Column { return Column{title, width} }

// Table prints rows as they come, so that a slow step is seen to be one.
type Table struct {
	w       io.Writer
	colour  bool
	columns []Column
	quotes  []string // of peers, for below the row
}

// New colours if w is a terminal and the user does not mind: no-color.org.
func New(w io.Writer) *Table {
	t := &Table{w: w}
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

func (t *Table) paint(code, s string) string {
	if !t.colour || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// Title prints a headline.
func (t *Table) Title(s string) { fmt.Fprintln(t.w, t.paint(bold, s)) }

// Praise prints a good end.
func (t *Table) Praise(s string) {
	fmt.Fprintf(t.w, "\n%s %s\n", t.paint(green, "✓"), t.paint(bold, s))
}

// Fault prints a bad end.
func (t *Table) Fault(s string) { fmt.Fprintf(t.w, "\n%s %s\n", t.paint(red, "✗"), t.paint(bold, s)) }

// Skip prints a table that is not there, and why.
func (t *Table) Skip(title, why string) {
	fmt.Fprintf(t.w, "\n%s\n", t.paint(bold, title))
	for _, line := range wrap(why, lineWidth-indent) {
		fmt.Fprintln(t.w, t.paint(dim, strings.Repeat(" ", indent)+line))
	}
}

// Begin prints the head of a table.
func (t *Table) Begin(title string, notes []string, columns []Column) {
	t.columns = columns
	fmt.Fprintf(t.w, "\n%s\n", t.paint(bold, title))
	for _, note := range notes {
		fmt.Fprintln(t.w, t.paint(dim, strings.Repeat(" ", indent)+note))
	}
	var titles []string
	for _, c := range columns {
		titles = append(titles, c.title)
	}
	if titles[0] != "" {
		fmt.Fprintln(t.w, t.paint(dim, t.lines(titles)[0]))
	}
}

// Row prints one row, and below it what was wrong and what the peers said.
func (t *Table) Row(name string, cells []string, err error) {
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

// Quote keeps what a peer printed until its row stands.
func (t *Table) Quote(peer, text string) {
	for line := range strings.Lines(text) {
		t.quotes = append(t.quotes, strings.Repeat(" ", 2*indent)+peer+" │ "+strings.TrimRight(line, " \r\n"))
	}
}

// lines lays out a row. The first one begins with room for a mark.
func (t *Table) lines(cells []string) []string {
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
