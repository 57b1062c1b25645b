package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// proofPages are tables that say which test proves what.
var proofPages = []string{"docs/PEERS.md", "docs/SSLAPITEST.md"}

var (
	testFunc    = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	scenario    = regexp.MustCompile(`(?m)^scenario (\S+)`)
	namedTest   = regexp.MustCompile(`\bTest\w+\*?`)
	namedByPage = regexp.MustCompile(`conformance ((?:[\w-]+\*?(?:, | and |$)?)+)`) // a list of scenarios
	separator   = regexp.MustCompile(`, | and `)
)

// checkProofs returns what the pages name and nobody has. A name may end in *.
func checkProofs() (problems []error) {
	tests, err := namesIn(testFunc, "*_test.go", "*/*_test.go", "*/*/*_test.go")
	if err != nil {
		return []error{err}
	}
	scenarios, err := namesIn(scenario, "conformance/ops/*.ops")
	if err != nil {
		return []error{err}
	}
	for _, page := range proofPages {
		text, err := os.ReadFile(page)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, name := range namedTest.FindAllString(line, -1) {
				if !has(tests, name) {
					problems = append(problems, fmt.Errorf("%s:%d: there is no %s", page, i+1, name))
				}
			}
			for _, list := range namedByPage.FindAllStringSubmatch(line, -1) {
				for _, name := range separator.Split(list[1], -1) {
					if strings.Contains(name, "-") && !has(scenarios, name) {
						problems = append(problems, fmt.Errorf("%s:%d: there is no scenario %s", page, i+1, name))
					}
				}
			}
		}
	}
	return problems
}

// namesIn returns what the expression finds in the files.
func namesIn(expression *regexp.Regexp, patterns ...string) (names []string, err error) {
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			for _, m := range expression.FindAllStringSubmatch(string(text), -1) {
				names = append(names, m[1])
			}
		}
	}
	return names, nil
}

func has(names []string, name string) bool {
	prefix, open := strings.CutSuffix(name, "*")
	for _, n := range names {
		if n == name || open && strings.HasPrefix(n, prefix) {
			return true
		}
	}
	return false
}
