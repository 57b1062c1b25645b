package main

import (
	"encoding/json"
	"encoding/xml"
	"io"

	"github.com/seed-c1436005/libssl/conformance"
)

// The JSON report. conformance/README.md documents it; members are added, not changed.
type jsonReport struct {
	Libssl    jsonLibssl                  `json:"libssl"`
	Reference jsonLibssl                  `json:"reference"`
	Counts    map[conformance.Verdict]int `json:"counts"`
	Clauses   []jsonClause                `json:"clauses"`
	Scenarios []jsonScenario              `json:"scenarios"`
}

type jsonLibssl struct {
	Text    string `json:"text"`
	Version string `json:"version"`
	Path    string `json:"path,omitempty"`
}

type jsonClause struct {
	conformance.Clause
	Verdict   conformance.Verdict            `json:"verdict"`
	Why       string                         `json:"why,omitempty"`
	Differing []string                       `json:"differing"`
	Versions  map[string]conformance.Verdict `json:"versions,omitempty"`
}

type jsonScenario struct {
	Name    string               `json:"name"`
	File    string               `json:"file"`
	Proves  []string             `json:"proves"`
	Status  conformance.Status   `json:"status"`
	Why     string               `json:"why,omitempty"`
	Lines   []int                `json:"lines"`
	Op      string               `json:"op,omitempty"`
	Changes []conformance.Change `json:"changes"`
	Binding string               `json:"binding,omitempty"`
}

func writeJSON(w io.Writer, r *conformance.Report) error {
	out := jsonReport{
		Libssl:    jsonLibssl{r.AtHand.Text, r.AtHand.Version, r.Path},
		Reference: jsonLibssl{r.Reference.Text, r.Reference.Version, ""},
		Counts:    map[conformance.Verdict]int{},
		Clauses:   []jsonClause{}, Scenarios: []jsonScenario{},
	}
	for _, v := range conformance.Verdicts {
		out.Counts[v] = r.Count(v)
	}
	for _, f := range r.Findings {
		c := jsonClause{Clause: f.Clause, Verdict: f.Verdict, Why: f.Why, Versions: f.Versions, Differing: []string{}}
		for _, o := range f.Outcomes {
			if o.Status == conformance.Changed {
				c.Differing = append(c.Differing, o.Scenario.Name)
			}
		}
		out.Clauses = append(out.Clauses, c)
	}
	for _, o := range r.Outcomes {
		out.Scenarios = append(out.Scenarios, jsonScenario{
			Name: o.Scenario.Name, File: o.Scenario.File, Proves: append([]string{}, o.Scenario.Proves...), Status: o.Status, Why: o.Why,
			Lines: append([]int{}, o.Lines...), Op: o.Op, Changes: append([]conformance.Change{}, o.Changes...), Binding: o.Binding,
		})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "\t")
	return enc.Encode(out)
}

type xmlSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Suites   []xmlSuite `xml:"testsuite"`
}

type xmlSuite struct {
	Name     string    `xml:"name,attr"`
	Tests    int       `xml:"tests,attr"`
	Failures int       `xml:"failures,attr"`
	Skipped  int       `xml:"skipped,attr"`
	Cases    []xmlCase `xml:"testcase"`
}

type xmlCase struct {
	Class   string      `xml:"classname,attr"`
	Name    string      `xml:"name,attr"`
	Failure *xmlMessage `xml:"failure"`
	Skipped *xmlMessage `xml:"skipped"`
	Out     string      `xml:"system-out,omitempty"`
}

type xmlMessage struct {
	Message string `xml:"message,attr"`
}

func (s *xmlSuite) add(c xmlCase) {
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Skipped != nil {
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

// writeJUnit has a suite for each man page, whose cases are its clauses, and one of all scenarios.
func writeJUnit(w io.Writer, r *conformance.Report) error {
	all := xmlSuites{Name: "sslconform: " + r.AtHand.Text}
	for _, p := range pages(r) {
		s := xmlSuite{Name: p.Name}
		for _, f := range p.Findings {
			c := xmlCase{Class: p.Name, Name: f.ID, Out: string(f.Verdict)}
			switch f.Verdict {
			case conformance.Differs:
				c.Failure = &xmlMessage{difference(r, f.First)}
			case conformance.NotReached:
				c.Skipped = &xmlMessage{f.First.Scenario.Name + ": " + f.Why}
			}
			s.add(c)
		}
		all.Suites = append(all.Suites, s)
	}
	scenarios := xmlSuite{Name: "scenarios"}
	for _, o := range r.Outcomes {
		c := xmlCase{Class: o.Scenario.File, Name: o.Scenario.Name}
		switch {
		case o.Status == conformance.Changed:
			c.Failure = &xmlMessage{difference(r, o)}
		case o.Binding != "":
			c.Failure = &xmlMessage{"the Go binding: " + o.Binding}
		case o.Status == conformance.NotRun:
			c.Skipped = &xmlMessage{o.Why}
		}
		scenarios.add(c)
	}
	all.Suites = append(all.Suites, scenarios)
	for _, s := range all.Suites {
		all.Tests, all.Failures, all.Skipped = all.Tests+s.Tests, all.Failures+s.Failures, all.Skipped+s.Skipped
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "\t")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
