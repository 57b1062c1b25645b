package main

import (
	"fmt"
	"strings"
)

// cell is one figure of the tables: what an implementation costs in a scenario.
type cell struct{ scenario, metric, impl string }

// goal is met when the median of a over b, or of a alone, keeps to the limit.
type goal struct {
	text  string
	a, b  cell   // b may be empty
	sign  string // "≤", "≥" or "="
	limit float64
	div   float64 // of a alone
}

// goals is what the project promises. Ratios are of costs: "90 % of C" is C's cost over ours.
func goals() []goal {
	on := func(scenario, metric string) func(string) cell {
		return func(impl string) cell { return cell{scenario, metric, impl} }
	}
	var all []goal
	add := func(sign string) func(limit float64, a, b cell, text string, args ...any) {
		return func(limit float64, a, b cell, text string, args ...any) {
			all = append(all, goal{fmt.Sprintf(text, args...), a, b, sign, limit, 1})
		}
	}
	atMost, atLeast, exactly := add("≤"), add("≥"), add("=")

	set, nothing := on("call/set-session@1", "cpu"), on("call/nothing@1", "cpu")
	atMost(2.0, set(ours), nothing(ours), "SetSession / a bare cgo call")
	atLeast(300, set(spacemonkey), set(ours), "spacemonkeygo's setSession / SetSession")

	for _, k := range kinds {
		two := on("handshake/tcp/"+k.name+"/ecdsa@2", "wall")
		atLeast(0.90, two(plainC), two(ours), "TCP %s, two cores: C / ours", k.title)
	}
	for _, k := range kinds {
		one := on("handshake/tcp/"+k.name+"/ecdsa@1", "cpu")
		atLeast(0.70, one(plainC), one(ours), "TCP %s, one core: C / ours", k.title)
	}
	for _, k := range kinds {
		if strings.HasSuffix(k.name, "full") {
			continue
		}
		one, limit := on("handshake/tcp/"+k.name+"/ecdsa@1", "cpu"), 1.6
		if strings.HasPrefix(k.name, "1.3") {
			limit = 1.3
		}
		atLeast(limit, one(spacemonkey), one(ours), "TCP %s, one core: spacemonkeygo / ours", k.title)
	}
	for _, version := range []string{"1.2", "1.3"} {
		rsa := on("handshake/tcp/"+version+"-full/rsa@1", "cpu")
		atLeast(1.2, rsa(goTLS), rsa(ours), "TCP %s full, RSA-2048, one core: crypto/tls / ours", version)
	}

	for _, b := range []string{"1.2/aes128", "1.2/aes256", "1.2/chacha20", "1.3/aes128"} {
		one := on("bulk/"+b+"/16384@1", "cpu")
		atLeast(1.0, one(plainC), one(ours), "bulk 16 KiB, %s, one core: C / ours", b)
	}
	one := on("bulk/1.2/aes128/16384@1", "cpu")
	atLeast(1.15, one(spacemonkey), one(ours), "bulk 16 KiB, one core: spacemonkeygo / ours")
	for _, kib := range []int{64, 256} {
		two := on(fmt.Sprintf("bulk/1.2/aes128/%d@2", kib<<10), "wall")
		atLeast(1.10, two(plainC), two(ours), "bulk %d KiB, two cores: C / ours", kib)
		atLeast(1.15, two(spacemonkey), two(ours), "bulk %d KiB, two cores: spacemonkeygo / ours", kib)
	}

	for _, version := range []string{"1.2", "1.3"} {
		p := on("pingpong/"+version+"/64@1", "cpu")
		atMost(0.95, p(ours), p(plainC), "ping-pong 64 B, %s: ours / C", version)
		atMost(0.85, p(ours), p(spacemonkey), "ping-pong 64 B, %s: ours / spacemonkeygo", version)
	}

	for _, size := range []string{"64", "16384"} {
		for _, op := range []string{"write", "read"} {
			exactly(1, on("count/io/"+size+"@1", op+"_cgo")(ours), cell{}, "calls of C, %s of %s B", op, size)
			exactly(0, on("count/io/"+size+"@1", op+"_allocs")(ours), cell{}, "allocations, %s of %s B", op, size)
		}
	}
	for _, side := range []string{"client", "server"} {
		for _, k := range kinds {
			if k.name != "1.2-id" {
				atMost(3, on("count/handshake/"+k.name+"/"+side+"@1", "handshake_cgo")(engine), cell{}, "calls of C, handshake %s, %s", k.title, side)
			}
		}
	}

	for _, version := range []string{"1.2", "1.3"} {
		pair := on("idle/"+version+"/5000@2", "pair")
		atMost(1.25, pair(ours), pair(tunedC), "idle pair, %s: ours / C tuned", version)
		atMost(0.55, pair(ours), pair(spacemonkey), "idle pair, %s: ours / spacemonkeygo", version)
	}
	atMost(1.1, cell{"cache/100000@2", "wall", engine}, cell{"cache/0@2", "wall", engine}, "resumption beside 100,000 sessions / beside none")
	atMost(2, cell{"rss/1.3-full@2", "grown", ours}, cell{}, "MiB grown over 10,000 handshakes")
	all[len(all)-1].div = 1 << 20
	return all
}

// verdict is how a goal fares.
type verdict struct {
	goal
	measured spread
	known    bool // both sides were measured
	met      bool
}

// judge leaves goals out that were not tried, unless all should have been.
func judge(r *results, full bool) (all []verdict, ok bool) {
	ok = true
	for _, g := range goals() {
		v := verdict{goal: g}
		if g.b == (cell{}) {
			v.measured, v.known = r.value(g.a)
			v.measured = spread{v.measured.low / g.div, v.measured.median / g.div, v.measured.high / g.div}
		} else {
			v.measured, v.known = r.ratio(g.a, g.b)
		}
		v.met = v.known && g.met(v.measured.median)
		if full || r.asked(g.a) && r.asked(g.b) {
			all = append(all, v)
			ok = ok && v.met
		}
	}
	return all, ok
}

func (g goal) met(v float64) bool {
	switch g.sign {
	case "≤":
		return v <= g.limit
	case "≥":
		return v >= g.limit
	}
	return v == g.limit
}

// figures are for tables.
func (v verdict) figures() (median, quartiles, limit string) {
	if !v.known {
		return absent, absent, v.sign + " " + figure(v.limit)
	}
	return figure(v.measured.median), figure(v.measured.low) + "–" + figure(v.measured.high), v.sign + " " + figure(v.limit)
}

func (v verdict) word() string {
	switch {
	case !v.known:
		return "NOT MEASURED"
	case v.met:
		return "met"
	}
	return "MISSED"
}
