package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/peer"
)

func curl() family {
	f := family{
		name: "curl", required: true, need: []string{"curl"},
		note: "It tells when it offers a session; that its second connection was resumed only the server tells.",
		title: func(m *matrix) (string, error) {
			line, err := m.firstLine("curl", "--version")
			version, _, _ := strings.Cut(after(line, "curl "), " ")
			return "curl " + version, err
		},
	}
	for _, mode := range allWays {
		f.rows = append(f.rows, row{role: server, way: mode.Name, want: resumes, run: func(m *matrix) (told, error) { return fromCurl(m, mode) }})
	}
	f.rows = append(f.rows, row{
		role: server, way: "TLS 1.3 --no-sessionid", want: never, because: "it was told not to",
		run: func(m *matrix) (told, error) { return fromCurl(m, tls13, "--no-sessionid") },
	})
	return f
}

func fromCurl(m *matrix, mode peer.Mode, args ...string) (told, error) {
	return m.withServer(mode, false, func(s *ourServer) (t told, err error) {
		url := fmt.Sprintf("https://localhost:%d/", s.port())
		out, err := m.exec("", "curl", append(args, "-q", "-sv", "-4", "--noproxy", "*", "--http1.0", "-H", "Connection: close", "--cacert", m.pki.CAFile, url, url)...)
		texts := strings.Split(out, "SSL connection using")
		var words []string
		for _, text := range texts[:len(texts)-1] {
			o, word := full, silence
			if strings.Contains(text, "SSL re-using session ID") {
				o, word = resumed, "SSL re-using session ID"
			}
			t.theirs, words = append(t.theirs, o), append(words, word)
		}
		t.words = arrows(words)
		return t, err
	})
}

// proxied is a server that is configured by a file, and then passes requests on to our server by TLS, or serves our client.
type proxied struct {
	tool    string
	prompt  bool // it answers early data before the handshake is over
	args    func(config, dir string) []string
	connect func(m *matrix, mode peer.Mode, port, to int, reuse bool) string // configuration: to our server
	accept  func(m *matrix, mode peer.Mode, port int, reuse bool) string     // configuration: for our client
	served  func(page string) (outcome, string)                              // what it says to our client
	said    *regexp.Regexp                                                   // what it prints of two connections to our server; nil: nothing
	passed  func(log string, pages []string) told                            // what it says of them
}

// rows are the same for each of them.
func (p proxied) rows(off string) (rows []row) {
	for _, mode := range allWays {
		rows = append(rows, row{role: client, way: mode.Name, want: resumes, run: func(m *matrix) (told, error) { return p.serves(m, mode, true) }})
	}
	rows = append(rows,
		row{role: client, way: zeroRTT.Name, want: resumesEarly, run: func(m *matrix) (told, error) { return p.serves(m, zeroRTT, true) }},
		row{
			role: client, way: "TLS 1.3, tickets off", want: never, because: "no ticket, no session",
			run: func(m *matrix) (told, error) { return p.serves(m, tls13, false) },
		})
	for _, mode := range allWays {
		rows = append(rows, row{role: server, way: mode.Name, want: resumes, run: func(m *matrix) (told, error) { return p.passes(m, mode, true) }})
	}
	return append(rows, row{
		role: server, way: "TLS 1.3, " + off, want: never, because: "it was told not to",
		run: func(m *matrix) (told, error) { return p.passes(m, tls13, false) },
	})
}

// run starts it with a configuration.
func (p proxied) run(m *matrix, port int, config string) (*peer.Child, error) {
	file, err := m.file(p.tool+".conf", config)
	if err != nil {
		return nil, err
	}
	return m.serve(port, p.tool, p.args(file, m.dir)...)
}

func (p proxied) serves(m *matrix, mode peer.Mode, reuse bool) (t told, err error) {
	port, err := freePort()
	if err != nil {
		return t, err
	}
	child, err := p.run(m, port, p.accept(m, mode, port, reuse))
	if err != nil {
		return t, err
	}
	defer child.Stop()
	ours, pages, err := m.visits(visit{mode: mode, addr: address(port), early: mode.Name == zeroRTT.Name, hold: p.prompt}, 2)
	t.ours = ours
	var words []string
	for _, page := range pages {
		o, word := p.served(page)
		t.theirs, words = append(t.theirs, o), append(words, word)
	}
	t.words = arrows(words)
	return t, err
}

func (p proxied) passes(m *matrix, mode peer.Mode, reuse bool) (told, error) {
	return m.withServer(mode, false, func(s *ourServer) (told, error) {
		port, err := freePort()
		if err != nil {
			return told{}, err
		}
		child, err := p.run(m, port, p.connect(m, mode, port, s.port(), reuse))
		if err != nil {
			return told{}, err
		}
		defer child.Stop()
		var pages []string
		for range 2 {
			page, err := get(m.ctx, "http://"+address(port)+"/")
			if err != nil {
				return told{}, err
			}
			pages = append(pages, page)
		}
		if p.said != nil {
			if _, err := child.Await(p.said); err != nil {
				return told{}, err
			}
		}
		return p.passed(child.Output(), pages), nil
	})
}

// get returns head and body of a page.
func get(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, peer.StepLimit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	transport := &http.Transport{DisableKeepAlives: true} // no proxy
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var text strings.Builder
	resp.Header.Write(&text)
	body, err := io.ReadAll(resp.Body)
	if err == nil && !strings.Contains(string(body), peer.EndOfPage) {
		err = fmt.Errorf("%s: %s %q", url, resp.Status, body)
	}
	return text.String() + string(body), err
}

// onOff is how both write a switch.
func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func protocolOf(mode peer.Mode) string {
	if mode.Version == libssl.VersionTLS13 {
		return "TLSv1.3"
	}
	return "TLSv1.2"
}

func nginx() family {
	p := proxied{
		tool: "nginx", prompt: true,
		args: func(config, dir string) []string { return []string{"-e", "stderr", "-p", dir, "-c", config} },
		accept: func(m *matrix, mode peer.Mode, port int, reuse bool) string {
			cache := "off"
			if reuse {
				cache = "shared:c:1m"
			}
			return nginxConfig(m, "", fmt.Sprintf(`listen 127.0.0.1:%d ssl;
				ssl_certificate %s; ssl_certificate_key %s; ssl_protocols %s;
				ssl_session_cache %s; ssl_session_tickets %s; ssl_early_data %s;
				location / { return 200 "reused=$ssl_session_reused early=$ssl_early_data uri=$uri </HTML>"; }`,
				port, m.pki.Leaf.CertFile, m.pki.Leaf.KeyFile, protocolOf(mode),
				cache, onOff(reuse && mode.Options == 0), onOff(mode.Name == zeroRTT.Name)))
		},
		connect: func(m *matrix, mode peer.Mode, port, to int, reuse bool) string {
			return nginxConfig(m, " debug", fmt.Sprintf(`listen 127.0.0.1:%d;
				location / {
					proxy_pass https://127.0.0.1:%d; proxy_ssl_protocols %s; proxy_ssl_session_reuse %s;
					proxy_ssl_verify on; proxy_ssl_trusted_certificate %s; proxy_ssl_name localhost;
				}`, port, to, protocolOf(mode), onOff(reuse), m.pki.CAFile))
		},
		served: nginxServed, said: nginxSaid, passed: nginxPassed,
	}
	return family{
		name: "nginx", need: []string{"nginx=nginx-light"},
		note:  "As server its page has $ssl_session_reused and $ssl_early_data; as client (proxy_pass) its debug log speaks.",
		title: nginxTitle,
		rows:  p.rows("reuse off"),
	}
}

func nginxTitle(m *matrix) (string, error) {
	text, err := m.output("nginx", "-V")
	if err == nil && !strings.Contains(text, "--with-debug") {
		err = errors.New("it was built without --with-debug, and as client only its debug log tells")
	}
	line, _, _ := strings.Cut(text, "\n")
	return "nginx " + after(line, "nginx/"), err
}

// nginxConfig makes one process that a signal ends.
func nginxConfig(m *matrix, level, server string) string {
	return fmt.Sprintf(`daemon off; master_process off; pid %[1]s/nginx.pid; error_log stderr%[2]s; events {}
		http {
			access_log off; client_body_temp_path %[1]s/nginx-b; proxy_temp_path %[1]s/nginx-p; fastcgi_temp_path %[1]s/nginx-f;
			uwsgi_temp_path %[1]s/nginx-u; scgi_temp_path %[1]s/nginx-s;
			server { %[3]s }
		}`, m.dir, level, server)
}

var nginxWord = regexp.MustCompile(`(reused=(\S*)) early=(\S*) uri=(\S*)`)

func nginxServed(page string) (outcome, string) {
	m := nginxWord.FindStringSubmatch(page)
	switch {
	case m == nil:
		return "", silence
	case m[2] == "r" && m[3] == "1" && m[4] == earlyPath:
		return early, m[0]
	case m[2] == "r":
		return resumed, m[1]
	}
	return full, m[1]
}

// nginxSaid is all that it logs of two handshakes as client.
var nginxSaid = regexp.MustCompile(`(?s)( SSL: TLSv1.*http upstream send request.*){2}`)

// nginxPassed reads the log, where a line about the cipher comes before that about the session.
func nginxPassed(text string, _ []string) (t told) {
	var words []string
	for _, handshake := range strings.Split(text, " SSL: TLSv1")[1:] {
		o, word := full, silence
		if strings.Contains(handshake, "SSL reused session") {
			o, word = resumed, "SSL reused session"
		}
		t.theirs, words = append(t.theirs, o), append(words, word)
	}
	t.words = arrows(words)
	return t
}

func haproxy() family {
	p := proxied{
		tool: "haproxy",
		args: func(config, dir string) []string { return []string{"-db", "-f", config} },
		accept: func(m *matrix, mode peer.Mode, port int, reuse bool) string {
			options := "ssl-min-ver " + protocolOf(mode) + " ssl-max-ver " + protocolOf(mode)
			if mode.Options != 0 || !reuse {
				options += " no-tls-tickets"
			}
			if mode.Name == zeroRTT.Name {
				options += " allow-0rtt"
			}
			return haproxyConfig(reuse, fmt.Sprintf(`frontend f
	bind 127.0.0.1:%d ssl crt %s %s
	http-request return status 200 content-type text/plain lf-string "resumed=%%[ssl_fc_is_resumed] path=%%[path] </HTML>"
`, port, m.pem, options))
		},
		connect: func(m *matrix, mode peer.Mode, port, to int, reuse bool) string {
			options := "ssl-min-ver " + protocolOf(mode) + " ssl-max-ver " + protocolOf(mode)
			if !reuse {
				options += " no-ssl-reuse"
			}
			return haproxyConfig(true, fmt.Sprintf(`frontend f
	bind 127.0.0.1:%d
	default_backend b
backend b
	http-response set-header X-Word "resumed=%%[ssl_bc_is_resumed] path=- "
	server s 127.0.0.1:%d ssl verify required ca-file %s sni str(localhost) %s
`, port, to, m.pki.CAFile, options))
		},
		served: haproxyServed,
		passed: func(_ string, pages []string) (t told) {
			var words []string
			for _, page := range pages {
				o, word := haproxyServed(page)
				t.theirs, words = append(t.theirs, o), append(words, word)
			}
			t.words = arrows(words)
			return t
		},
	}
	return family{
		name: "HAProxy", need: []string{"haproxy"}, note: "Its page, or a header that it adds, has ssl_fc_is_resumed and the path; or ssl_bc_is_resumed.",
		title: func(m *matrix) (string, error) {
			line, err := m.firstLine("haproxy", "-v")
			version, _, _ := strings.Cut(after(line, "version "), "-")
			return "HAProxy " + version, err
		},
		rows: p.rows("no-ssl-reuse"),
	}
}

// haproxyConfig has one thread: each keeps sessions of its own as client.
func haproxyConfig(cache bool, rest string) string {
	size := 20000
	if !cache {
		size = 0
	}
	return fmt.Sprintf(`global
	nbthread 1
	tune.ssl.cachesize %d
defaults
	mode http
	timeout client 20s
	timeout server 20s
	timeout connect 20s
`, size) + rest
}

var haproxyWord = regexp.MustCompile(`(resumed=(\d)) path=(\S*)`)

func haproxyServed(page string) (outcome, string) {
	m := haproxyWord.FindStringSubmatch(page)
	switch {
	case m == nil:
		return "", silence
	case m[2] == "1" && m[3] == earlyPath:
		return early, m[0]
	case m[2] == "1":
		return resumed, m[1]
	}
	return full, m[1]
}

// after is what follows a word in a line.
func after(line, word string) string {
	_, rest, _ := strings.Cut(line, word)
	return strings.TrimSpace(rest)
}
