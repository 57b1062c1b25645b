package main

import (
	"fmt"
	"strings"
)

// Implementations, in the order of the tables.
const (
	plainC      = "C"
	tunedC      = "C tuned"
	ours        = "ours"
	engine      = "engine"
	spacemonkey = "spacemonkeygo"
	libp2p      = "libp2p"
	goTLS       = "crypto/tls"
)

var (
	stacks      = []string{plainC, ours, spacemonkey, libp2p, goTLS}
	withTuned   = []string{plainC, tunedC, ours, spacemonkey, libp2p, goTLS}
	withEngine  = []string{plainC, engine, ours, spacemonkey, libp2p, goTLS}
	cacheStacks = []string{plainC, tunedC, engine}
	goStacks    = []string{engine, ours, spacemonkey, libp2p, goTLS}
)

// scenario is some work that workers do.
type scenario struct {
	name    string   // that the workers know it by
	title   string   // for people
	cores   int      // 1: pinned to one; 2: as many as there are
	metrics []metric // what is told of it, a row each
	by      []string // who does it
	base    string   // who the others are compared with
	n       int      // operations of a round; 0: what takes a slice of time
	units   float64  // of work in an operation, when that is not 1
	fresh   bool     // each round is the first one of a process
}

func (s scenario) id() string { return fmt.Sprintf("%s@%d", s.name, s.cores) }

// metric is a property of a sample, per operation.
type metric struct {
	name  string // "cpu", "wall", or one of the worker's values
	unit  string
	div   float64 // from the worker's nanoseconds or bytes
	title string  // if a scenario has several
}

var (
	cpuNs  = metric{name: "cpu", unit: "ns", div: 1}
	cpuUs  = metric{name: "cpu", unit: "µs", div: 1e3}
	wallUs = metric{name: "wall", unit: "µs", div: 1e3}
)

// group is scenarios that take turns within a round, so that they can be compared with each other.
type group struct {
	rounds    int // 0: another group has measured it
	slice     int // milliseconds of a round, for scenarios without a number of operations
	scenarios []scenario
}

// section is a table.
type section struct {
	key, title, note string
	groups           []group
}

// kinds of handshakes, and how tables call them.
var kinds = []struct{ name, title string }{
	{"1.2-full", "1.2 full"},
	{"1.2-id", "1.2 session id"},
	{"1.2-ticket", "1.2 ticket"},
	{"1.3-full", "1.3 full"},
	{"1.3-psk", "1.3 PSK"},
}

// alone is a group of one. Slices are long: for a while after a pause Go's monitor interferes more than it does with a program that is busy.
func alone(slice int, s scenario) group { return group{9, slice, []scenario{s}} }

// sections is all that there is to measure.
func sections() []section {
	return []section{
		calls(),
		handshakes("handshake-mem", "mem", 1, "Handshakes in memory, one core", "cpu of both ends. C and engine drive both ends from one thread; the others are two goroutines."),
		handshakes("handshake-tcp-1", "tcp", 1, "Handshakes over TCP, one core", "cpu of both ends, with dial, accept and close. C is two threads that block."),
		handshakes("handshake-tcp-2", "tcp", 2, "Handshakes over TCP, two cores", "time by the clock, with dial, accept and close. C is two threads that block."),
		connections(),
		bulk(1, "Bulk over TCP, one core", "cpu of both ends, per 16 KiB. The size is that of each Write."),
		bulk(2, "Bulk over TCP, two cores", "time by the clock, per 16 KiB. The size is that of each Write."),
		pingpong(),
		scaling(),
		cache(),
		idle(),
		resident(),
		counts(),
	}
}

func calls() section {
	titles := [][2]string{
		{"nothing", "a bare cgo call"},
		{"set-session", "set a session"},
		{"get-session", "get it, free it"},
		{"up-ref", "one reference more, free it"},
		{"to-bytes", "encode it"},
		{"set-bytes", "decode it, set it, free it"},
	}
	g := group{rounds: 31, slice: 10}
	for _, t := range titles {
		g.scenarios = append(g.scenarios, scenario{name: "call/" + t[0], title: t[1], cores: 1, metrics: []metric{cpuNs}, by: stacks, base: plainC})
	}
	return section{"call", "Session calls", "cpu. C in a loop of C. spacemonkeygo and libp2p have sessions as bytes only.", []group{g}}
}

func handshakes(key, link string, cores int, title, note string) section {
	s := section{key: key, title: title, note: note}
	by, m, slice := stacks, cpuUs, 400
	if link == "mem" {
		by, slice = withEngine, 200
	}
	if cores > 1 {
		m = wallUs
	}
	if link == "tcp" {
		s.groups = append(s.groups, alone(slice, scenario{
			name: "handshake/tcp/plain/none", title: "no TLS", cores: cores, metrics: []metric{m}, by: []string{plainC, ours}, base: plainC,
		}))
	}
	for _, server := range []string{"ecdsa", "rsa"} {
		for _, k := range kinds {
			if cores > 1 && server == "rsa" && !strings.HasSuffix(k.name, "full") {
				continue // resumption does not use the key
			}
			s.groups = append(s.groups, alone(slice, scenario{
				name: "handshake/" + link + "/" + k.name + "/" + server, title: k.title + ", " + strings.ToUpper(server),
				cores: cores, metrics: []metric{m}, by: by, base: plainC,
			}))
		}
	}
	return s
}

// connections tells more of what handshakes has measured.
func connections() section {
	s := section{
		key: "connection", title: "Calls of C and allocations of a connection over TCP",
		note: "of both ends together: set-up, handshake, a byte, close",
	}
	for _, k := range kinds {
		s.groups = append(s.groups, group{0, 0, []scenario{{
			name: "handshake/tcp/" + k.name + "/ecdsa", title: k.title, cores: 1, by: []string{ours, spacemonkey, libp2p, goTLS},
			metrics: []metric{{"cgo", "", 1, "calls of C"}, {"allocs", "", 1, "allocations"}, {"bytes", "KiB", 1024, "KiB allocated"}},
		}}})
	}
	return s
}

func bulk(cores int, title, note string) section {
	s := section{key: fmt.Sprintf("bulk-%d", cores), title: title, note: note}
	rows := []struct {
		version, cipher, title string
		kib                    int
		alsoOnTwo              bool
	}{
		{"1.2", "aes128", "AES-128-GCM", 16, true},
		{"1.2", "aes128", "AES-128-GCM", 64, true},
		{"1.2", "aes128", "AES-128-GCM", 256, true},
		{"1.2", "aes256", "AES-256-GCM", 16, false},
		{"1.2", "chacha20", "ChaCha20", 16, false},
		{"1.3", "aes128", "AES-128-GCM", 16, false},
	}
	for _, r := range rows {
		if cores > 1 && !r.alsoOnTwo {
			continue
		}
		m := cpuUs
		if cores > 1 {
			m = wallUs
		}
		s.groups = append(s.groups, alone(200, scenario{
			name: fmt.Sprintf("bulk/%s/%s/%d", r.version, r.cipher, r.kib<<10), title: fmt.Sprintf("%s %s, %d KiB", r.version, r.title, r.kib),
			cores: cores, metrics: []metric{m}, by: withTuned, base: plainC, units: float64(r.kib) / 16,
		}))
	}
	return s
}

func pingpong() section {
	s := section{key: "pingpong", title: "Ping-pong over TCP", note: "a round trip: cpu of both ends on one core, time by the clock on two. AES-128-GCM."}
	for _, cores := range []int{1, 2} {
		for _, version := range []string{"1.2", "1.3"} {
			for _, size := range []int{64, 1024} {
				m, where := cpuUs, "one core"
				if cores > 1 {
					m, where = wallUs, "two cores"
				}
				if cores > 1 && (version == "1.2" || size > 64) {
					continue
				}
				s.groups = append(s.groups, alone(150, scenario{
					name: fmt.Sprintf("pingpong/%s/%d", version, size), title: fmt.Sprintf("%s, %d B, %s", version, size, where),
					cores: cores, metrics: []metric{m}, by: withTuned, base: plainC,
				}))
			}
		}
	}
	return s
}

func scaling() section {
	s := section{
		key: "scale", title: "Scaling: handshakes in memory with one pair of contexts, two cores",
		note: "time by the clock per handshake, of all threads together",
	}
	for _, kind := range []string{"1.2-full", "1.2-id", "1.3-psk"} {
		g := group{rounds: 15, slice: 100}
		for _, threads := range []int{1, 2} {
			g.scenarios = append(g.scenarios, scenario{
				name: fmt.Sprintf("scale/%s/%d", kind, threads), title: fmt.Sprintf("%s, %d at a time", strings.Replace(kind, "-", " ", 1), threads),
				cores: 2, metrics: []metric{wallUs}, by: withEngine, base: plainC,
			})
		}
		s.groups = append(s.groups, g)
	}
	return s
}

func cache() section {
	g := group{rounds: 15, slice: 100}
	for _, n := range []int{0, 100_000} {
		g.scenarios = append(g.scenarios, scenario{
			name: fmt.Sprintf("cache/%d", n), title: fmt.Sprintf("beside %d others", n),
			cores: 2, metrics: []metric{wallUs}, by: cacheStacks, base: tunedC,
		})
	}
	return section{
		"cache", "Resumption by session id, two threads, a full cache",
		"time by the clock per handshake in memory. C tuned and engine set SSL_SESS_CACHE_NO_AUTO_CLEAR. The others have no server's cache to fill.",
		[]group{g},
	}
}

func idle() section {
	s := section{
		key: "idle", title: "Memory of an idle connection",
		note: "resident KiB per pair of client and server, after the handshake and a byte over TCP; servers wait in Read.",
	}
	for _, version := range []string{"1.2", "1.3"} {
		for _, pairs := range []int{1000, 5000} {
			s.groups = append(s.groups, group{3, 0, []scenario{{
				name: "idle/" + version + "/" + fmt.Sprint(pairs), title: fmt.Sprintf("TLS %s, %d pairs", version, pairs),
				cores: 2, metrics: []metric{{name: "pair", unit: "KiB", div: 1024}}, by: withTuned, base: tunedC, n: pairs, fresh: true,
			}}})
		}
	}
	return s
}

func resident() section {
	return section{
		"rss", "Memory over 10,000 handshakes", "resident MiB, over TCP, from the 1,000th handshake to the 11,000th, each after a collection (Go) or malloc_trim (C)",
		[]group{{1, 0, []scenario{{
			name: "rss/1.3-full", title: "TLS 1.3 full", cores: 2, by: stacks, base: plainC, n: 10_000, fresh: true,
			metrics: []metric{{"grown", "MiB", 1 << 20, "grown by"}, {"rss", "MiB", 1 << 20, "in the end"}},
		}}}},
	}
}

func counts() section {
	s := section{
		key: "count", title: "Calls of C, and allocations",
		note: "of one side, whose peer is crypto/tls; of a Write and a Read over TCP. Allocations are whole ones per call, as testing.AllocsPerRun has them.",
	}
	add := func(name, title string, metrics ...metric) {
		s.groups = append(s.groups, group{1, 0, []scenario{{name: name, title: title, cores: 1, metrics: metrics, by: goStacks, n: 100}}})
	}
	for _, side := range []string{"client", "server"} {
		for _, k := range kinds {
			if k.name != "1.2-id" { // which crypto/tls does not have
				add("count/handshake/"+k.name+"/"+side, k.title+" "+side,
					metric{"new_cgo", "", 1, "new"}, metric{"handshake_cgo", "", 1, "handshake"}, metric{"close_cgo", "", 1, "close"})
			}
		}
	}
	for _, size := range []int{64, 16 << 10} {
		add(fmt.Sprintf("count/io/%d", size), fmt.Sprintf("%d B", size), metric{"write_cgo", "", 1, "Write, calls"}, metric{"write_allocs", "", 1, "Write, allocations"},
			metric{"read_cgo", "", 1, "Read, calls"}, metric{"read_allocs", "", 1, "Read, allocations"})
	}
	return s
}
