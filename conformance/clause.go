package conformance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Verdict is what a report says of a clause.
type Verdict string

// The first three are the manual's, about the library that it was read beside: 1.1.1w. A libssl that does the same has the same verdict.
const (
	Holds      Verdict = "holds"
	Wrong      Verdict = "documentation wrong"
	NotStated  Verdict = "not stated"
	Differs    Verdict = "differs"
	NotReached Verdict = "not reached"
)

// Verdicts are all of them, in the order of reports.
var Verdicts = []Verdict{Holds, Wrong, NotStated, Differs, NotReached}

// Clause is something that a man page says, or ought to.
type Clause struct {
	ID        string   `json:"id"`
	Page      string   `json:"page"`                // without "(3)"; "" for a function without one
	Says      string   `json:"says,omitempty"`      // the page, in our words; "" where it is silent
	Does      string   `json:"does,omitempty"`      // the library, where the page does not say it, or wrongly
	Manual    Verdict  `json:"manual"`              // about 1.1.1w: Holds, Wrong or NotStated
	Function  string   `json:"function,omitempty"`  // the operation that the clause is about, if one
	Scenarios []string `json:"scenarios,omitempty"` // that show it; those that prove ID if none is named
}

// Clauses reads clauses.json, and finds the scenarios of each clause.
func Clauses(suite []*Scenario) (clauses []Clause, err error) {
	text, err := data.ReadFile("clauses.json")
	if err != nil {
		return nil, err
	}
	return readClauses(text, suite)
}

func readClauses(text []byte, suite []*Scenario) (clauses []Clause, err error) {
	if err := json.Unmarshal(text, &clauses); err != nil {
		return nil, fmt.Errorf("clauses.json: %w", err)
	}
	seen := map[string]bool{}
	proven := map[string]bool{}
	for i := range clauses {
		c := &clauses[i]
		named := len(c.Scenarios) > 0
		switch {
		case seen[c.ID]:
			return nil, fmt.Errorf("clauses.json: %s is there twice", c.ID)
		case c.Manual != Holds && c.Manual != Wrong && c.Manual != NotStated:
			return nil, fmt.Errorf("clauses.json: %s: %q is not what a manual can be", c.ID, c.Manual)
		case c.Manual == NotStated != (c.Says == ""):
			return nil, fmt.Errorf("clauses.json: %s: the page says %q, and that is %s", c.ID, c.Says, c.Manual)
		case c.Manual != Holds && c.Does == "":
			return nil, fmt.Errorf("clauses.json: %s: what the library does is missing", c.ID)
		}
		seen[c.ID] = true
		for _, s := range suite {
			if !named && slices.Contains(s.Proves, c.ID) {
				c.Scenarios = append(c.Scenarios, s.Name)
				proven[c.ID] = true
			}
		}
		for _, name := range c.Scenarios {
			if !slices.ContainsFunc(suite, func(s *Scenario) bool { return s.Name == name }) {
				return nil, fmt.Errorf("clauses.json: %s: there is no scenario %s", c.ID, name)
			}
		}
		if len(c.Scenarios) == 0 {
			return nil, fmt.Errorf("clauses.json: no scenario proves %s", c.ID)
		}
	}
	for _, s := range suite {
		for _, id := range s.Proves {
			if !proven[id] && id != "nothing" {
				return nil, fmt.Errorf("%s: %s proves %s, which is not in clauses.json", s.File, s.Name, id)
			}
		}
	}
	return clauses, nil
}

// Executes reports whether the scenario has an operation that calls the function, itself or in a callback.
func (s *Scenario) Executes(function string) bool {
	return slices.ContainsFunc(s.Ops, func(o *Op) bool { return calls(o.Text, function) })
}

// spelled is what executes a function that is no operation.
var spelled = map[string]string{
	"SSL_SESSION_up_ref": "up_ref", "SSL_SESSION_free": "free", "d2i_SSL_SESSION": "parse", "PEM_read_bio_SSL_SESSION": "parse_pem",
	"PEM_write_SSL_SESSION": "refile",
}

func calls(op, function string) bool {
	if other, ok := spelled[function]; ok {
		function = other
	}
	return slices.Contains(strings.Fields(op), function)
}

// Suite reads all scripts.
func Suite() (suite []*Scenario, err error) {
	seen := map[string]string{}
	for _, path := range Scripts() {
		scenarios, err := Parse(path)
		if err != nil {
			return nil, err
		}
		for _, s := range scenarios {
			if other, twice := seen[s.Name]; twice {
				return nil, fmt.Errorf("scenario %s is in %s and in %s", s.Name, other, s.File)
			}
			seen[s.Name] = s.File
		}
		suite = append(suite, scenarios...)
	}
	return suite, nil
}
