package conformance

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

/*
Shrink drops operations for as long as the program still shows the finding. A name goes with all that use it, and with it what is NULL without them (R6).
Otherwise, dropping an operation makes a legal program illegal only where one depends on another that stands between (a link before I/O): C dies of it
then, or the binding refuses, and the finding is another.
*/
func (w *CWorker) Shrink(f *Mismatch) (*Mismatch, error) {
	for chunk := len(lines(f.Script)) / 2; chunk > 0; {
		smaller, err := w.dropSome(f, chunk)
		if err != nil {
			return f, err
		}
		if smaller == nil {
			chunk /= 2
			continue
		}
		f = smaller
		chunk = min(chunk, len(lines(f.Script))/2)
	}
	return f, nil
}

// header is what a program begins with: its name, and what it proves.
const header = 2

func lines(script string) []string { return strings.Split(strings.TrimSpace(script), "\n") }

// dropSome returns a smaller program that shows the same, nil if there is none.
func (w *CWorker) dropSome(f *Mismatch, chunk int) (*Mismatch, error) {
	all := lines(f.Script)
	for at := len(all) - chunk; at >= header; at -= chunk {
		left := without(all, func(i int) bool { return i >= at && i < at+chunk })
		if len(left) == len(all) {
			continue
		}
		smaller, err := w.Check(strings.Join(left, "\n")+"\n", nil)
		if err != nil {
			return nil, err
		}
		if f.same(smaller) {
			return smaller, nil
		}
	}
	return nil, nil
}

// without drops some lines, and those that use a name that they bind.
func without(all []string, drop func(i int) bool) []string {
	var left []string
	gone := map[string]bool{}
	for i, line := range all {
		words := strings.Fields(line)
		uses := slices.ContainsFunc(words, func(word string) bool { return gone[strings.TrimSuffix(word, ":")] })
		if i < header || !drop(i) && !uses {
			left = append(left, line)
			continue
		}
		if len(words) > 1 && words[1] == "=" {
			gone[words[0]] = true
		}
	}
	return left
}

// Write makes a script of the finding, ready for ops/, and returns its path. origin says what it was made of.
func (f *Mismatch) Write(dir, origin string) (string, error) {
	name := fmt.Sprintf("found-%x", sha256.Sum256([]byte(f.Script)))[:14]
	what, _, _ := strings.Cut(f.What, "\n")
	script := fmt.Sprintf("# Random program of %s: %s mode, %q: %s\nscenario %s\n%s", origin, f.Mode, f.Op, what, name,
		strings.TrimPrefix(f.Script, lines(f.Script)[0]+"\n"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, strings.ReplaceAll(name, "-", "_")+".ops")
	return path, os.WriteFile(path, []byte(script), 0o644)
}
