package main

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed PERFORMANCE.md.tmpl
var documentText string

// plots are the sections that are drawn.
var plots = []string{"handshake-tcp-1", "handshake-tcp-2", "bulk-1", "bulk-2", "pingpong", "idle"}

// writeAll writes what a run leaves: tables, plots and the document, in dir. A full run also replaces the document of the repository.
func writeAll(dir string, all []section, m machine, r *results, verdicts []verdict, full bool) error {
	if err := writeTables(dir, all, r, verdicts); err != nil {
		return err
	}
	for _, s := range all {
		for _, key := range plots {
			if key == s.key {
				if err := os.WriteFile(filepath.Join(dir, key+".svg"), []byte(r.plot(s)), 0o644); err != nil {
					return err
				}
			}
		}
	}
	if err := writeDocument(filepath.Join(dir, "PERFORMANCE.md"), ".", all, m, r, verdicts); err != nil || !full {
		return err
	}
	return writeDocument(document, "../bench/out", all, m, r, verdicts)
}

// writeDocument fills the template. images is where the plots are, seen from the document.
func writeDocument(path, images string, all []section, m machine, r *results, verdicts []verdict) error {
	t, err := template.New("").Funcs(template.FuncMap{
		"table": func(key string) (string, error) { return r.markdown(all, key) },
		"plot":  func(key string) string { return fmt.Sprintf("![%s](%s/%s.svg)", key, images, key) },
		"goals": func() string { return markdownGoals(verdicts) },
	}).Parse(documentText)
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := t.Execute(&text, m); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text.String()), 0o644)
}

// markdown is the table of a section. One that was not measured is empty.
func (r *results) markdown(all []section, key string) (string, error) {
	for _, s := range all {
		if s.key != key {
			continue
		}
		lines := []string{"*" + s.note + "*", "", line(append(append([]string{""}, s.columns()...), "spread of ours")), "|---" + strings.Repeat("|---:", len(s.columns())+1) + "|"}
		for _, g := range s.groups {
			for _, one := range g.scenarios {
				for _, row := range r.rows(one, s.columns()) {
					lines = append(lines, line(append([]string{row.title}, row.cells...)))
				}
			}
		}
		return strings.Join(lines, "\n"), nil
	}
	if _, known := sectionByKey(key); known {
		return "(not measured in this run)", nil
	}
	return "", fmt.Errorf("the template names a section that is not there: %s", key)
}

func sectionByKey(key string) (section, bool) {
	for _, s := range sections() {
		if s.key == key {
			return s, true
		}
	}
	return section{}, false
}

func markdownGoals(verdicts []verdict) string {
	lines := []string{"| goal | median | quartiles | limit | |", "|---|---:|---:|---:|---|"}
	for _, v := range verdicts {
		median, quartiles, limit := v.figures()
		lines = append(lines, line([]string{v.text, median, quartiles, limit, v.word()}))
	}
	return strings.Join(lines, "\n")
}

func line(cells []string) string { return "| " + strings.Join(cells, " | ") + " |" }
