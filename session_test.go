package libssl_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-c1436005/libssl/conformance"
)

// TestConformance runs the same scenarios with libssl itself and with this package, and compares the traces. What is expected is nowhere written
// down: it is what C does in the same run.
func TestConformance(t *testing.T) {
	differences, err := conformance.Differences()
	must(t, err)
	byScenario := map[string][]conformance.Difference{}
	for _, d := range differences {
		byScenario[d.Scenario] = append(byScenario[d.Scenario], d)
	}
	suite := parseSuite(t)
	inC := startC(t, suite)
	for _, script := range suite {
		t.Run(script.name, func(t *testing.T) {
			for _, s := range script.scenarios {
				t.Run(s.Name, func(t *testing.T) {
					c, err := inC[s]()
					must(t, err)
					for _, mode := range []conformance.Mode{conformance.Default, conformance.Keep} {
						t.Run(string(mode), func(t *testing.T) { compare(t, s, mode, c, byScenario[s.Name]) })
					}
				})
				delete(byScenario, s.Name)
			}
		})
	}
	for name := range byScenario {
		if !anyScenario(suite, func(s *conformance.Scenario) bool { return s.Name == name }) {
			t.Errorf("differences.json: there is no scenario %s", name)
		}
	}
}

// compare fails the test if the binding did anything else than C, but for the differences, each of which must show.
func compare(t *testing.T, s *conformance.Scenario, mode conformance.Mode, c conformance.Trace, differences []conformance.Difference) {
	if c.End() != "ok" && len(differences) == 0 {
		t.Fatalf("C does not survive this (%s), and differences.json does not say what the binding does instead", c.End())
	}
	var got conformance.Trace
	if len(s.Needs) > 0 || len(differences) > 0 {
		got = childTrace(t, s, mode)
	} else {
		got = conformance.RunGo(s, mode)
	}
	end := got.End()
	want, got, err := conformance.Reconcile(conformance.Ordered(conformance.Normalise(c, mode)), conformance.Ordered(got), differences)
	if err != nil {
		t.Errorf("differences.json: %v", err)
	}
	for i := range max(len(want), len(got)) {
		var inC, inGo map[string]any
		if i < len(want) {
			inC = want[i]
		}
		if i < len(got) {
			inGo = got[i]
		}
		if diff := cmp.Diff(inC, inGo); diff != "" {
			t.Fatalf("line %d of the trace, after %s\n%s\n(-C +Go)\n%s", i, history(want[:min(i, len(want))]), where(inC, inGo), diff)
		}
	}
	if end != "ok" {
		t.Errorf("the binding's trace ends with %q", end)
	}
}

// history lists the operations of a trace, to be pasted into a script.
func history(t conformance.Trace) string {
	var b strings.Builder
	for _, line := range t {
		if op, ok := line["op"]; ok {
			fmt.Fprintf(&b, "\n    %v", op)
		}
	}
	return b.String()
}

func where(inC, inGo map[string]any) string {
	for _, line := range []map[string]any{inC, inGo} {
		if op, ok := line["op"]; ok {
			return fmt.Sprintf("%v differs:", op)
		}
	}
	return "the end differs:"
}

type script struct {
	name      string
	scenarios []*conformance.Scenario
}

func parseSuite(t *testing.T) (suite []script) {
	t.Helper()
	seen := map[string]string{}
	for _, path := range conformance.Scripts() {
		name := strings.TrimSuffix(filepath.Base(path), ".ops")
		scenarios, err := conformance.Parse(path)
		if err != nil {
			t.Error(err)
		}
		for _, s := range scenarios {
			if seen[s.Name] != "" {
				t.Errorf("scenario %s is in %s and in %s", s.Name, seen[s.Name], name)
			}
			seen[s.Name] = name
		}
		suite = append(suite, script{name, scenarios})
	}
	if len(seen) == 0 {
		t.Fatal("there are no scenarios")
	}
	return suite
}

func anyScenario(suite []script, f func(*conformance.Scenario) bool) bool {
	return slices.ContainsFunc(suite, func(s script) bool { return slices.ContainsFunc(s.scenarios, f) })
}

// startC runs all scenarios through the C driver in the background, several at once: where C hangs it takes seconds.
func startC(t *testing.T, suite []script) map[*conformance.Scenario]func() (conformance.Trace, error) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	inC := map[*conformance.Scenario]func() (conformance.Trace, error){}
	jobs := []func(){}
	for _, script := range suite {
		for _, s := range script.scenarios {
			f := sync.OnceValues(func() (conformance.Trace, error) { return conformance.RunC(ctx, s) })
			inC[s] = f
			jobs = append(jobs, func() { f() })
		}
	}
	queue := make(chan func(), len(jobs))
	for _, job := range jobs {
		queue <- job
	}
	close(queue)
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for job := range queue {
				if ctx.Err() == nil {
					job()
				}
			}
		}()
	}
	return inC
}

// rows are the tables of SEMANTICS that have no clause of their own for each row: which scenarios show it.
var rows = []struct{ clause, row, scenarios string }{
	{"S9", "before the handshake, never connected", "S9-never-connected"},
	{"S9", "ClientHello sent, not finished (also SSL_free there)", "S9-client-hello-sent S9-client-hello-sent-SSL_free"},
	{"S9", "connected", "S9-connected"},
	{"S9", "SSL_shutdown once", "S9-shutdown-once"},
	{"S9", "SSL_shutdown returned -1, WANT_WRITE", "S9-shutdown-would-block"},
	{"S9", "SSL_shutdown while in init", "S9-shutdown-in-init"},
	{"S9", "bidirectional shutdown", "S9-bidirectional-shutdown"},
	{"S9", "SSL_set_shutdown(SENT)", "S9-set-shutdown-sent"},
	{"S9", "SSL_set_shutdown(SENT), then 0", "S9-set-shutdown-sent-then-0"},
	{"S9", "SSL_set_shutdown(RECEIVED)", "S9-set-shutdown-received"},
	{"S9", "the peer's close_notify read", "S9-close-notify-read"},
	{"S9", "SSL_set_quiet_shutdown only", "S9-quiet-shutdown-only"},
	{"S9", "quiet and SSL_shutdown", "S9-quiet-shutdown-and-SSL_shutdown"},
	{"S9", "SSL_clear first", "S9-SSL_clear-first"},
	{"S9", "SSL_set_connect_state first", "S9-SSL_set_connect_state-first"},
	{"S9", "renegotiation started", "S9-renegotiation-started"},
	{"S9", "local fatal error", "S9-local-fatal-error"},
	{"S9", "fatal alert received", "S9-fatal-alert-received"},
	{"S9", "transport at its end", "S9-transport-eof"},
	{"S9", "the same session again", "S9-same-session-again"},
	{"S9", "TLS 1.3, no ticket read", "S9-tls13-no-ticket"},
	{"S9", "TLS 1.3, two tickets read", "S9-tls13-two-tickets"},
	{"S12", "fresh SSL, unchanged method", "OOM-fresh-ssl-cannot-fail"},
	{"S12", "SSL_CTX_set_ssl_version after SSL_new", "OOM-method-switch"},
	{"S12", "and then SSL_do_handshake, SSL_clear", "OOM-method-switch-SSL_do_handshake-then-crash OOM-method-switch-SSL_clear-then-crash"},
	{"S12", "connected flexible client", "OOM-connected-flexible"},
	{"S12", "SRP, 1st allocation", "OOM-srp-1"},
	{"S12", "SRP, 2nd and 3rd allocation", "OOM-srp-2 OOM-srp-3"},
	{"S12", "DTLS, allocations with and without an entry", "OOM-dtls-malloc-failure OOM-dtls-empty-queue"},
	{"S12", "SSL_copy_session_id", "OOM-copy-session-id"},
}

// family are the rows of SEMANTICS 2.1 to 2.4 that have scenarios. Each has one that proves it, and executes it. Not here are the cache's callbacks,
// which "on" installs, and what no scenario can call: the tests of their own files show those.
var family = []string{
	// 2.1
	"SSL_SESSION_new SSL_SESSION_dup SSL_SESSION_up_ref SSL_SESSION_free SSL_SESSION_get_id SSL_SESSION_set1_id SSL_SESSION_get0_id_context",
	"SSL_SESSION_set1_id_context SSL_SESSION_get_protocol_version SSL_SESSION_set_protocol_version SSL_SESSION_get0_cipher SSL_SESSION_set_cipher",
	"SSL_SESSION_get_compress_id SSL_SESSION_get0_hostname SSL_SESSION_set1_hostname SSL_SESSION_get0_alpn_selected SSL_SESSION_set1_alpn_selected",
	"SSL_SESSION_get0_ticket SSL_SESSION_has_ticket SSL_SESSION_get_ticket_lifetime_hint SSL_SESSION_get_max_early_data",
	"SSL_SESSION_set_max_early_data SSL_SESSION_get_max_fragment_length SSL_SESSION_get_master_key SSL_SESSION_set1_master_key",
	"SSL_SESSION_get0_peer SSL_SESSION_get0_ticket_appdata SSL_SESSION_set1_ticket_appdata SSL_SESSION_get_time SSL_SESSION_set_time",
	"SSL_SESSION_get_timeout SSL_SESSION_set_timeout SSL_SESSION_is_resumable SSL_SESSION_print SSL_SESSION_print_keylog",
	"i2d_SSL_SESSION d2i_SSL_SESSION PEM_read_bio_SSL_SESSION PEM_write_bio_SSL_SESSION",
	"SSL_SESSION_get_ex_new_index SSL_SESSION_set_ex_data SSL_SESSION_get_ex_data",
	// 2.2
	"SSL_get1_session SSL_session_reused SSL_has_matching_session_id SSL_set_session_id_context SSL_write_early_data SSL_read_early_data",
	"SSL_get_early_data_status SSL_set_max_early_data SSL_get_max_early_data SSL_set_recv_max_early_data SSL_get_recv_max_early_data",
	"SSL_set_num_tickets SSL_get_num_tickets SSL_use_psk_identity_hint SSL_get_psk_identity SSL_get_psk_identity_hint",
	"SSL_client_hello_get0_session_id SSL_get_ex_new_index SSL_set_ex_data SSL_get_ex_data",
	// 2.3
	"SSL_CTX_add_session SSL_CTX_remove_session SSL_CTX_flush_sessions SSL_CTX_set_session_cache_mode SSL_CTX_get_session_cache_mode",
	"SSL_CTX_sess_set_cache_size SSL_CTX_sess_get_cache_size SSL_CTX_sess_number SSL_CTX_sess_connect SSL_CTX_sess_connect_good",
	"SSL_CTX_sess_connect_renegotiate SSL_CTX_sess_accept SSL_CTX_sess_accept_good SSL_CTX_sess_accept_renegotiate SSL_CTX_sess_hits",
	"SSL_CTX_sess_cb_hits SSL_CTX_sess_misses SSL_CTX_sess_timeouts SSL_CTX_sess_cache_full SSL_CTX_set_timeout SSL_CTX_get_timeout",
	"SSL_CTX_set_num_tickets SSL_CTX_get_num_tickets SSL_CTX_set_max_early_data SSL_CTX_get_max_early_data SSL_CTX_set_recv_max_early_data",
	"SSL_CTX_get_recv_max_early_data SSL_CTX_use_psk_identity_hint SSL_CTX_set_tlsext_ticket_keys SSL_CTX_get_tlsext_ticket_keys",
	"SSL_CTX_set_session_id_context SSL_CTX_get_ex_new_index SSL_CTX_set_ex_data SSL_CTX_get_ex_data",
	// 2.4, beside the cache's
	"SSL_CTX_set_generate_session_id SSL_set_generate_session_id SSL_CTX_set_not_resumable_session_callback",
	"SSL_set_not_resumable_session_callback SSL_CTX_set_session_ticket_cb SSL_CTX_set_allow_early_data_cb SSL_set_allow_early_data_cb",
	"SSL_CTX_set_psk_client_callback SSL_set_psk_client_callback SSL_CTX_set_psk_server_callback SSL_set_psk_server_callback",
	"SSL_CTX_set_psk_use_session_callback SSL_set_psk_use_session_callback SSL_CTX_set_psk_find_session_callback",
	"SSL_set_psk_find_session_callback SSL_CTX_set_tlsext_ticket_key_cb",
}

// spelled is what executes a function that is no operation.
var spelled = map[string]string{
	"SSL_SESSION_up_ref": "up_ref", "SSL_SESSION_free": "free", "d2i_SSL_SESSION": "parse", "PEM_read_bio_SSL_SESSION": "parse_pem",
}

// shows reports whether the scenario proves the row of a function, and executes it.
func shows(s *conformance.Scenario, function string) bool {
	op := function
	if other, ok := spelled[function]; ok {
		op = other
	}
	return slices.Contains(s.Proves, function) &&
		slices.ContainsFunc(s.Ops, func(o *conformance.Op) bool { return slices.Contains(strings.Fields(o.Text), op) })
}

// TestEveryClause fails if a clause of SEMANTICS has no scenario, or a row of the session family.
func TestEveryClause(t *testing.T) {
	suite := parseSuite(t)
	var clauses []string
	for n := 1; n <= 14; n++ {
		clauses = append(clauses, fmt.Sprintf("S%d", n))
	}
	for n := 1; n <= 26; n++ {
		clauses = append(clauses, fmt.Sprintf("U%d", n))
	}
	for _, clause := range clauses {
		if !anyScenario(suite, func(s *conformance.Scenario) bool { return slices.Contains(s.Proves, clause) }) {
			t.Errorf("no scenario proves %s", clause)
		}
	}
	for _, function := range strings.Fields(strings.Join(family, " ")) {
		if !anyScenario(suite, func(s *conformance.Scenario) bool { return shows(s, function) }) {
			t.Errorf("no scenario proves %s and executes it", function)
		}
	}
	for _, r := range rows {
		for _, name := range strings.Fields(r.scenarios) {
			if !anyScenario(suite, func(s *conformance.Scenario) bool { return s.Name == name && slices.Contains(s.Proves, r.clause) }) {
				t.Errorf("%s, %s: there is no scenario %s that proves it", r.clause, r.row, name)
			}
		}
	}
}
