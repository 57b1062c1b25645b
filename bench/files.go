package main

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// machine is where and when a run was.
type machine struct {
	CPU, Kernel, Go, OpenSSL, Commit, Date, Took string
	Cores                                        int
	Load                                         string // of the last minute, before
	Full                                         bool   // all was measured, and not quickly
}

func thisMachine() machine {
	said := func(name string, args ...string) string {
		out, err := exec.Command(name, args...).Output()
		if err != nil {
			return "unknown"
		}
		return strings.TrimSpace(string(out))
	}
	m := machine{
		CPU: "unknown", Kernel: said("uname", "-sr"), Go: runtime.Version(), OpenSSL: said("pkg-config", "--modversion", "libssl"),
		Commit: said("git", "describe", "--always", "--dirty"), Date: time.Now().UTC().Format("2006-01-02"), Cores: runtime.NumCPU(),
	}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load, _, _ = strings.Cut(string(text), " ")
	}
	return m
}

// print says where this is, and what is to be known of it.
func (m machine) print(w io.Writer) {
	fmt.Fprintf(w, "%s, %d cores, %s; %s, OpenSSL %s\n", m.CPU, m.Cores, m.Kernel, m.Go, m.OpenSSL)
	fmt.Fprintln(w, "spacemonkeygo and libp2p run under GODEBUG=cgocheck=0: otherwise Go ends them when they resume a session.")
	if load, err := strconv.ParseFloat(m.Load, 64); err == nil && load > 0.5 {
		fmt.Fprintf(w, "THE MACHINE IS BUSY (load %s): figures of such a run are worth little.\n", m.Load)
	}
}

// The line of samples.csv that says why there are no samples.
const faultColumn = "fault"

// writeSamples writes all that was measured: the machine in a comment, then a line for each figure.
func writeSamples(path string, m machine, r *results) error {
	about, err := json.Marshal(m)
	if err != nil {
		return err
	}
	lines := [][]string{{"scenario", "implementation", "round", "operations", "metric", "value"}}
	for _, p := range r.places() {
		for _, s := range r.samples[p] {
			for _, name := range slices.Sorted(maps.Keys(s.values)) {
				lines = append(lines, []string{
					p.scenario, p.impl, strconv.Itoa(s.round), strconv.Itoa(s.n), name, strconv.FormatFloat(s.values[name], 'g', 8, 64),
				})
			}
		}
		if why := r.faults[p]; why != "" {
			lines = append(lines, []string{p.scenario, p.impl, "", "", faultColumn, why})
		}
	}
	return writeCSV(path, "# "+string(about)+"\n", lines)
}

// readSamples reads what writeSamples has written.
func readSamples(path string, r *results) (m machine, err error) {
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	about, err := in.ReadString('\n')
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(about, "# ")), &m); err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	lines, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	for _, line := range lines[1:] {
		p := place{line[0], line[1]}
		if line[4] == faultColumn {
			r.faults[p] = line[5]
			continue
		}
		round, err1 := strconv.Atoi(line[2])
		n, err2 := strconv.Atoi(line[3])
		value, err3 := strconv.ParseFloat(line[5], 64)
		if err := cmp.Or(err1, err2, err3); err != nil {
			return m, fmt.Errorf("%s: %w", path, err)
		}
		all := r.samples[p]
		if len(all) == 0 || all[len(all)-1].round != round {
			all = append(all, sample{round, n, map[string]float64{}})
			r.samples[p] = all
		}
		all[len(all)-1].values[line[4]] = value
	}
	return m, nil
}

// writeTables writes rows.csv, the figures of the tables, and goals.csv.
func writeTables(dir string, all []section, r *results, verdicts []verdict) error {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 5, 64) }
	rows := [][]string{{
		"section", "scenario", "cores", "metric", "unit", "implementation", "median", "low quartile", "high quartile",
		"base", "ratio", "low quartile", "high quartile", "cgo calls", "allocations",
	}}
	for _, s := range all {
		for _, g := range s.groups {
			for _, one := range g.scenarios {
				for _, m := range one.metrics {
					for _, impl := range one.by {
						at := func(metric, impl string) cell { return cell{one.id(), metric, impl} }
						v, ok := r.value(at(m.name, impl))
						if !ok {
							continue
						}
						line := []string{
							s.key, one.name, strconv.Itoa(one.cores), cmp.Or(m.title, m.name), m.unit, impl,
							number(v.median / m.div), number(v.low / m.div), number(v.high / m.div), one.base, "", "", "",
						}
						if ratio, ok := r.ratio(at(m.name, impl), at(m.name, one.base)); ok {
							line = append(line[:len(line)-3], number(ratio.median), number(ratio.low), number(ratio.high))
						}
						for _, also := range []string{"cgo", "allocs"} {
							v, _ := r.value(at(also, impl))
							line = append(line, number(v.median))
						}
						rows = append(rows, line)
					}
				}
			}
		}
	}
	judged := [][]string{{"goal", "median", "low quartile", "high quartile", "limit", "verdict"}}
	for _, v := range verdicts {
		judged = append(judged, []string{v.text, number(v.measured.median), number(v.measured.low), number(v.measured.high), v.sign + " " + number(v.limit), v.word()})
	}
	return cmp.Or(writeCSV(filepath.Join(dir, "rows.csv"), "", rows), writeCSV(filepath.Join(dir, "goals.csv"), "", judged))
}

func writeCSV(path, head string, lines [][]string) error {
	var text strings.Builder
	text.WriteString(head)
	w := csv.NewWriter(&text)
	if err := w.WriteAll(lines); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text.String()), 0o644)
}
