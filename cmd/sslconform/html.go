package main

import (
	"bytes"
	_ "embed"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/seed-c1436005/libssl/conformance"
)

//go:embed page.html
var pageHTML string

// pageTemplate makes one file that needs no other. Without JavaScript all of it can be read; with it, it can be filtered.
var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"slug":   func(v conformance.Verdict) string { return strings.ReplaceAll(string(v), " ", "-") },
	"anchor": func(id string) string { return strings.ReplaceAll(id, " ", "_") }, // as HTML wants it
	"differing": func(f *conformance.Finding) (n int) {
		for _, o := range f.Outcomes {
			if o.Status == conformance.Changed {
				n++
			}
		}
		return n
	},
	"names": func(list []string) string { return strings.Join(list, " ") },
	"short": short,
	"op":    conformance.Abbreviate,
}).Parse(pageHTML))

type htmlPage struct {
	*conformance.Report
	Title     string
	Verdicts  []htmlCount
	Pages     []*page
	Scenarios []htmlScenario
	Same      int
	Differing int
	NotRun    int
	BindingOK int
}

type htmlCount struct {
	Verdict conformance.Verdict
	Count   int
	Means   string
}

type htmlScenario struct {
	*conformance.Outcome
	Head    string
	Clauses []string // that it is evidence for
	Heads   []string
	Rows    []conformance.Row
}

var means = map[conformance.Verdict]string{
	conformance.Holds:      "the library does what the page says",
	conformance.Wrong:      "it does something else, as the reference does",
	conformance.NotStated:  "the page is silent; it does what the reference does",
	conformance.Differs:    "it does not do what the reference does",
	conformance.NotReached: "a scenario could not run, or ended too early",
}

func writeHTML(w io.Writer, r *conformance.Report) error {
	p := htmlPage{Report: r, Title: r.AtHand.Text, Pages: pages(r)}
	for _, v := range conformance.Verdicts {
		p.Verdicts = append(p.Verdicts, htmlCount{v, r.Count(v), means[v]})
	}
	for _, o := range r.Outcomes {
		switch o.Status {
		case conformance.Same:
			p.Same++
		case conformance.Changed:
			p.Differing++
		case conformance.NotRun:
			p.NotRun++
		}
		if o.Binding == "" {
			p.BindingOK++
		}
		s := htmlScenario{Outcome: o}
		for _, f := range r.Findings {
			if slices.Contains(f.Clause.Scenarios, o.Scenario.Name) {
				s.Clauses = append(s.Clauses, f.ID)
			}
		}
		s.Head, _ = o.Scenario.Comments()
		s.Heads, s.Rows = o.Rows(r.Reference.Version+" recorded", r.AtHand.Version+" at hand")
		p.Scenarios = append(p.Scenarios, s)
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return err
	}
	_, err := b.WriteTo(w)
	return err
}
