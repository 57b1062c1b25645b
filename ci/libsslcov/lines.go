package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// part is what functions.txt says of a file.
type part struct {
	file      string
	functions map[string]string // the reason of each
}

// reason says why lines are not reached.
type reason struct {
	function, text, why string
	used                bool
}

// records reads lines of three fields.
func records(file string) (all [][]string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, " | ")
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s: not of the form \"A | B | C\": %s", file, line)
		}
		all = append(all, fields)
	}
	return all, nil
}

// readParts returns a part for each file, in the order of the first lines.
func readParts(file string) (parts []*part, err error) {
	all, err := records(file)
	if err != nil {
		return nil, err
	}
	byFile := map[string]*part{}
	for _, r := range all {
		p := byFile[r[0]]
		if p == nil {
			p = &part{r[0], map[string]string{}}
			byFile[r[0]] = p
			parts = append(parts, p)
		}
		for _, f := range strings.Fields(r[1]) {
			p.functions[f] = r[2]
		}
	}
	return parts, nil
}

func readReasons(file string) (reasons []*reason, err error) {
	all, err := records(file)
	for _, r := range all {
		reasons = append(reasons, &reason{function: r[0], text: r[1], why: r[2]})
	}
	return reasons, err
}

// line is one that can be executed.
type line struct {
	Number   int    `json:"line_number"`
	Count    int    `json:"count"`
	Function string `json:"function_name"`
	text     string
}

type counted []line

func (c counted) has(function string) bool {
	for _, l := range c {
		if l.Function == function {
			return true
		}
	}
	return false
}

// counted returns the lines of a source file with their counters.
func (lib *library) counted(file string) (counted, error) {
	object := strings.TrimSuffix(file, ".c")
	dir := filepath.Join(lib.work, "build")
	notes, err := os.ReadFile(filepath.Join(lib.build, object+".gcno"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, object+".gcno"), notes, 0o600); err != nil {
		return nil, err
	}
	out, err := output("env", "-C", dir, "gcov", "--json-format", "--stdout", object+".gcda")
	if err != nil {
		return nil, err
	}
	var report struct {
		Files []struct {
			File  string `json:"file"`
			Lines []line `json:"lines"`
		} `json:"files"`
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		return nil, fmt.Errorf("gcov: %w", err)
	}
	for _, f := range report.Files {
		if !strings.HasSuffix(f.File, file) {
			continue // of an inline function of a header
		}
		source, err := os.ReadFile(filepath.Join(dir, f.File))
		if err != nil {
			return nil, err
		}
		text := strings.Split(string(source), "\n")
		for i := range f.Lines {
			f.Lines[i].text = strings.TrimSpace(text[f.Lines[i].Number-1])
		}
		return f.Lines, nil
	}
	return nil, fmt.Errorf("gcov knows nothing of %s", file)
}

// share prints how many lines were reached. Without functions all are meant.
func share(name string, lines counted, functions map[string]string) (percent float64) {
	all, hit := 0, 0
	for _, l := range lines {
		if !meant(l, functions) {
			continue
		}
		all++
		if l.Count > 0 {
			hit++
		}
	}
	percent = 100 * float64(hit) / float64(max(all, 1))
	fmt.Printf("%s: %.1f %% (%d of %d lines)\n", name, percent, hit, all)
	return percent
}

func meant(l line, functions map[string]string) bool {
	_, named := functions[l.Function]
	return functions == nil || named
}

// block are lines that follow each other and were not reached.
type block struct {
	line, size     int
	function, text string // of the first
}

func blocks(lines counted, functions map[string]string) (found []block) {
	open := false
	for _, l := range lines {
		switch {
		case !meant(l, functions) || l.Count > 0:
			open = false
		case open && found[len(found)-1].function == l.Function:
			found[len(found)-1].size++
		default:
			found = append(found, block{l.Number, 1, l.Function, l.text})
			open = true
		}
	}
	return found
}

// reason returns why the block is not reached, "" if nobody knows. In ssl/ssl_sess.c each has a reason of its own.
func (b block) reason(file string, reasons []*reason) string {
	for _, r := range reasons {
		prefix, open := strings.CutSuffix(r.text, "…")
		if (r.function == "*" && file != sessions || r.function == b.function) && (r.text == b.text || open && strings.HasPrefix(b.text, prefix)) {
			r.used = true
			return r.why
		}
	}
	return ""
}
