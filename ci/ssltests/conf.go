package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// config is a file in OpenSSL's configuration language, as far as the suite's files use it: sections, comments, and ${ENV::NAME}.
type config map[string]section

// section has the lines of a section in their order. That of the lines before the first header is named "".
type section []setting

type setting struct{ name, value string }

// get returns the value of a name. Where there are several, the last counts, as in C.
func (s section) get(name string) (value string, ok bool) {
	for _, line := range s {
		if line.name == name {
			value, ok = line.value, true
		}
	}
	return value, ok
}

// parseConfig reads a file. What it does not understand is an error: it must not be taken for something else.
func parseConfig(r io.Reader, env map[string]string) (config, error) {
	conf, name := config{"": nil}, ""
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		line = strings.TrimSpace(line)
		key, value, assigns := strings.Cut(line, "=")
		switch {
		case line == "":
		case strings.ContainsAny(line, "\\\"'`"):
			return nil, fmt.Errorf("line %d: quotes and escapes are not supported: %s", n, line)
		case strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]"):
			name = strings.TrimSpace(line[1 : len(line)-1])
			conf[name] = append(section{}, conf[name]...) // it exists, even if it stays empty
		case assigns:
			value, err := expand(strings.TrimSpace(value), env)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			conf[name] = append(conf[name], setting{strings.TrimSpace(key), value})
		default:
			return nil, fmt.Errorf("line %d: no section and no assignment: %s", n, line)
		}
	}
	return conf, lines.Err()
}

// expand replaces ${ENV::NAME}.
func expand(value string, env map[string]string) (string, error) {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(value, "$")
		out.WriteString(before)
		if !ok {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(strings.TrimPrefix(rest, "{ENV::"), "}")
		text, known := env[name]
		if !strings.HasPrefix(rest, "{ENV::") || !closed || !known {
			return "", fmt.Errorf("no such variable: $%s", rest)
		}
		out.WriteString(text)
		value = after
	}
}

// cases returns the names of the file's cases, test-0 and so on.
func (c config) cases() ([]string, error) {
	text, _ := c[""].get("num_tests")
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("num_tests: %w", err)
	}
	names := make([]string, n)
	for i := range names {
		names[i] = "test-" + strconv.Itoa(i)
	}
	return names, nil
}

// commands returns the SSL_CONF commands of a role ("server", "resume-client") in a case.
func (c config) commands(name, role string) (section, error) {
	title, _ := c[""].get(name)
	roles, _ := c[title].get("ssl_conf")
	target, ok := c[roles].get(role)
	commands, exists := c[target]
	if !ok || !exists {
		return nil, fmt.Errorf("%s has no configuration of %s", name, role)
	}
	return commands, nil
}
