// Rules checks the project's house rules, which no compiler knows:
//
//	go run ./ci/rules [DIR]
//
// It prints a line for each violation and exits with 1 if there is any.
package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
)

func main() {
	dir := "."
	switch {
	case len(os.Args) == 2:
		dir = os.Args[1]
	case len(os.Args) > 2:
		fmt.Fprintln(os.Stderr, "usage: go run ./ci/rules [DIR]")
		os.Exit(2)
	}
	problems, err := check(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rules:", err)
		os.Exit(2)
	}
	for _, p := range problems {
		fmt.Println(p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

func check(dir string) ([]problem, error) {
	t, err := load(dir)
	if err != nil {
		return nil, err
	}
	m, err := thisMachine(dir)
	if err != nil {
		return nil, err
	}
	return run(t, m, projectLists()), nil
}

// A problem is one violation.
type problem struct {
	file string
	line int // 0: the file as a whole
	rule int
	text string
}

func (p problem) String() string {
	if p.line == 0 {
		return fmt.Sprintf("%s: rule %d: %s", p.file, p.rule, p.text)
	}
	return fmt.Sprintf("%s:%d: rule %d: %s", p.file, p.line, p.rule, p.text)
}

// A checker collects what the rules find.
type checker struct {
	*tree
	*machine
	*lists
	problems []problem
}

func (c *checker) report(rule int, file string, line int, format string, args ...any) {
	c.problems = append(c.problems, problem{file, line, rule, fmt.Sprintf(format, args...)})
}

// run checks all rules. Each stands in a function of its number.
func run(t *tree, m *machine, l *lists) []problem {
	c := &checker{tree: t, machine: m, lists: l}
	for _, rule := range []func(){c.rule1, c.rule2, c.rule3, c.rule4, c.rule5, c.rule6, c.rule7, c.rule8, c.rule9, c.rule10} {
		rule()
	}
	c.unused()
	slices.SortStableFunc(c.problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.rule, b.rule))
	})
	return c.problems
}

// unused reports exceptions that nothing needs any more.
func (c *checker) unused() {
	for rule, list := range map[int]allowed{3: c.readsQueue, 5: c.pragmas, 6: c.noCounterpart, 8: c.noLeave} {
		for name, e := range list {
			if !e.used {
				c.report(rule, "ci/rules/lists.go", 0, "the exception %q is not needed any more: remove it", name)
			}
		}
	}
}
