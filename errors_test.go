package libssl_test

import (
	"crypto/elliptic"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl"
	"github.com/seed-c1436005/libssl/internal/ctest"
)

// onThread runs f locked to a thread whose error queue is empty before, and must be after.
func onThread(t *testing.T, f func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctest.Drain()
	f()
	if left := ctest.DrainFull(); len(left) != 0 {
		t.Errorf("left in the queue: %v", left)
	}
}

// pushForeign fills the queue with n entries that are not ours.
func pushForeign(n int) (entries []ctest.FullEntry) {
	for i := range n {
		data := ""
		if i%2 == 0 {
			data = fmt.Sprint("data ", i)
		}
		entries = append(entries, ctest.Push(200, 300, 400+i, 1000+i, data))
	}
	return entries
}

func wantQueue(t *testing.T, what string, want []ctest.FullEntry) {
	t.Helper()
	if got := ctest.DrainFull(); !slices.Equal(got, want) {
		t.Errorf("%s: the queue has %v, want %v", what, got, want)
	}
}

// calls are some of each kind. Those that fail return why, and those that succeed nil.
func calls(t *testing.T) map[string]func() error {
	t.Helper()
	client, server := clientCtx(t, libssl.VersionTLS12), serverCtx(t, libssl.VersionTLS12)
	sess := session(t, client, server)
	der := encode(t, sess)
	c, s := connected(t, client, server)
	broken := ctxOf(t, libssl.TLSMethod()) // a setter that fails may have changed something
	status := func(ssl *libssl.SSL, ret int) error {
		if ret > 0 || ssl.GetError(ret) == libssl.ErrorWantRead {
			return nil
		}
		return ssl.LastErrors()
	}
	return map[string]func() error{
		"fail: UseCertificateFile": func() error { return broken.UseCertificateFile("/dev/null/none", libssl.FiletypePEM) },
		"fail: SetCipherList":      func() error { return broken.SetCipherList("nonsense") },
		"fail: UsePrivateKeyDER":   func() error { return broken.UsePrivateKeyDER([]byte("garbage")) },
		"fail: AddCAPEM":           func() error { return broken.AddCAPEM([]byte("garbage")) },
		"fail: ParseSession":       func() error { _, err := libssl.ParseSession(der[:20]); return err },
		"fail: ParseSessionPEM":    func() error { _, err := libssl.ParseSessionPEM(der); return err },
		"fail: SetID":              func() error { return newSession(t).SetID(make([]byte, 33)) },
		"fail: PEM":                func() error { _, err := newSession(t).PEM(); return err },
		"fail: Read":               func() error { ssl := newSSL(t, client); return status(ssl, ssl.Read(make([]byte, 1))) },
		"fail: Connect": func() error {
			ssl, _ := pair(t, client, server)
			ssl.BIOWrite([]byte("this is no TLS record"))
			return status(ssl, ssl.Connect())
		},
		"fail: SetTLSExtHostName": func() error { ssl := newSSL(t, client); return status(ssl, ssl.SetTLSExtHostName("")) },
		"AddCAPEM":                func() error { return client.AddCAPEM(readFile(t, testdata+"ca.pem")) },
		"UseCertificatePEM":       func() error { return server.UseCertificatePEM(readFile(t, testdata+"server.pem")) },
		"UsePrivateKeyPEM":        func() error { return server.UsePrivateKeyPEM(readFile(t, testdata+"server.key")) },
		"LoadVerifyLocations":     func() error { return client.LoadVerifyLocations(testdata+"ca.pem", "") },
		"handshake":               func() error { connected(t, client, server); return nil },
		"resumption": func() error {
			if !resumes(t, client, server, sess) {
				return errors.New("not resumed")
			}
			return nil
		},
		"SetSession": func() error { return status(c, newSSL(t, client).SetSession(sess)) },
		"Read":       func() error { return status(c, c.Read(make([]byte, 1))) },
		"Write":      func() error { return status(s, s.Write([]byte("x"))) },
		"DER": func() error {
			back, err := libssl.ParseSession(der)
			back.Free()
			return err
		},
		"FlushSessions": func() error { return client.FlushSessions(time.Now()) },
	}
}

// TestErrorsLeaveOthers: what others have on the queue stays as it is, and nothing of ours joins it, nor theirs ours.
func TestErrorsLeaveOthers(t *testing.T) {
	for _, n := range []int{0, 1, 3, 15} { // 15 is all that it holds
		for name, call := range calls(t) {
			onThread(t, func() {
				foreign := pushForeign(n)
				err := call()
				wantQueue(t, name, foreign)
				wantEqual(t, name+" fails", err != nil, strings.HasPrefix(name, "fail"))
				var stack libssl.ErrorStack
				if err == nil || !errors.As(err, &stack) {
					return
				}
				for _, e := range stack.Entries {
					if e.LibCode() == 200 || e.File == "foreign.c" {
						t.Errorf("%s, with %d others: %v is not of this call", name, n, e)
					}
				}
				wantEqual(t, name+" gives a reason", len(stack.Entries) > 0, true)
			})
		}
	}
}

// TestErrorsLeaveMarks: nor is what others have marked forgotten.
func TestErrorsLeaveMarks(t *testing.T) {
	for name, call := range calls(t) {
		onThread(t, func() {
			foreign := pushForeign(2)
			wantEqual(t, "SetMark", ctest.SetMark(), true)
			ctest.Push(200, 1, 1, 1, "")
			call()
			wantEqual(t, name+": PopToMark", ctest.PopToMark(), true)
			wantQueue(t, name, foreign)
		})
	}
}

// TestErrorsAreNative compares each stack with what the same call leaves in C, and with libcrypto's own text.
func TestErrorsAreNative(t *testing.T) {
	for name, call := range calls(t) {
		if !strings.HasPrefix(name, "fail") {
			continue
		}
		onThread(t, func() {
			foreign := pushForeign(2) // more, and one call would have no room
			if name == "fail: Connect" {
				foreign = nil // a handshake clears the queue, in C
			}
			var err error
			libssl.KeepQueue(func() { err = call() })
			native := ctest.DrainFull()
			var stack libssl.ErrorStack
			if !errors.As(err, &stack) || len(native) != len(foreign)+len(stack.Entries) || !slices.Equal(native[:len(foreign)], foreign) {
				t.Fatalf("%s: %v, and in C: %v", name, err, native)
			}
			texts := []string{}
			for i, n := range native[len(foreign):] {
				e := stack.Entries[i]
				wantEqual(t, name, ctest.FullEntry{Code: e.Code, File: e.File, Line: e.Line, Data: e.Data}, n)
				text := ctest.ErrorString(n.Code)
				wantEqual(t, name, text, fmt.Sprintf("error:%08X:%s:%s:%s", e.Code, e.Lib, e.Func, e.Reason))
				if n.Data != "" {
					text += " (" + n.Data + ")"
				}
				wantEqual(t, name, e.Error(), text)
				texts = append(texts, text)
			}
			wantEqual(t, name, err.Error(), stack.Func+": "+strings.Join(texts, "; "))
		})
	}
}

// Each of the C functions that many methods share says which call failed, and why if libssl says so.
func TestErrorsOfSSL(t *testing.T) {
	server := serverCtx(t, libssl.VersionTLS12)
	c, _ := connected(t, clientCtx(t, libssl.VersionTLS12), server)
	own := newSSL(t, server)
	early, _ := sendingEarlyData(t)
	for fn, test := range map[string]struct {
		ssl    *libssl.SSL
		call   func(*libssl.SSL) int
		reason string
	}{
		"SSL_use_certificate_ASN1":         {own, func(s *libssl.SSL) int { return s.UseCertificateDER([]byte("x")) }, "header too long"},
		"SSL_use_PrivateKey":               {own, func(s *libssl.SSL) int { return s.UseSigner(ecKey(t, elliptic.P256())) }, "key values mismatch"},
		"SSL_key_update":                   {c, func(s *libssl.SSL) int { return s.KeyUpdate(libssl.KeyUpdateNotRequested) }, "wrong ssl version"},
		"SSL_export_keying_material":       {c, func(s *libssl.SSL) int { return s.ExportKeyingMaterial(make([]byte, 9), "client finished", nil) }, "tls illegal exporter label"},
		"SSL_export_keying_material_early": {early, func(s *libssl.SSL) int { return s.ExportKeyingMaterialEarly(nil, strings.Repeat("x", 250), nil) }, "tls illegal exporter label"},
		"SSL_set_tlsext_use_srtp":          {c, func(s *libssl.SSL) int { return 1 - s.SetTLSExtUseSRTP("none such") }, "srtp unknown protection profile"},
		"DTLS_set_timer_cb":                {c, func(s *libssl.SSL) int { return s.SetDTLSTimer(time.Second, time.Second) }, ""},
	} {
		ret := test.call(test.ssl)
		last := test.ssl.LastErrors()
		reason := ""
		if len(last.Entries) > 0 {
			reason = last.Entries[0].Reason
		}
		if ret != 0 || last.Func != fn || last.Refused != nil || reason != test.reason {
			t.Errorf("%s: %d, %v, %q", fn, ret, last, reason)
		}
	}
}

func TestErrorNames(t *testing.T) {
	for _, code := range []uint32{0, 1, 0x0d068066, 200<<24 | 300<<12 | 400, 20<<24 | 4095<<12 | 4095, 2 << 24, 1<<32 - 1} {
		onThread(t, func() {
			e := libssl.Error{Code: code}
			wantEqual(t, "codes", uint32(e.LibCode()<<24|e.FuncCode()<<12|e.ReasonCode()), code)
			if strings.HasPrefix(ctest.ErrorString(code), fmt.Sprintf("error:%08X:lib(", code)) { // names are unknown
				wantEqual(t, "text", e.Error(), ctest.ErrorString(code))
			}
		})
	}
	e := libssl.Error{Code: 20<<24 | 1<<12 | 2, Lib: "L", Func: "F", Reason: "R", File: "f.c", Line: 3, Data: "D"}
	wantEqual(t, "text", e.Error(), "error:14001002:L:F:R (D)")
	wantEqual(t, "LibCode", e.LibCode(), 20)
	wantEqual(t, "FuncCode", e.FuncCode(), 1)
	wantEqual(t, "ReasonCode", e.ReasonCode(), 2)
}

func TestErrorsIsAs(t *testing.T) {
	err := clientCtx(t, 0).UseCertificateFile("/dev/null/none", libssl.FiletypePEM)
	var stack libssl.ErrorStack
	var first libssl.Error
	if !errors.As(err, &stack) || !errors.As(err, &first) || len(stack.Entries) != 3 {
		t.Fatal(err)
	}
	wantEqual(t, "the first is the oldest", first, stack.Entries[0])
	wantEqual(t, "its function", first.Func, "fopen")
	wantEqual(t, "its data", first.Data, "fopen('/dev/null/none','r')")
	wantEqual(t, "Func", stack.Func, "SSL_CTX_use_certificate_file")
	for i, e := range stack.Entries {
		elsewhere := libssl.Error{Code: e.Code&0xff000fff | 7<<12, File: "elsewhere.c", Data: "other"}
		wantEqual(t, "Is, by library and reason", errors.Is(err, elsewhere), true)
		wantEqual(t, "Is with another reason", errors.Is(err, libssl.Error{Code: e.Code ^ 0x800}), false)
		wantEqual(t, "Is with another library", errors.Is(err, libssl.Error{Code: e.Code ^ 0x80000000}), false)
		wantEqual(t, "Unwrap's order", stack.Unwrap()[i], error(e))
	}
	wantEqual(t, "Is the zero Error", errors.Is(err, libssl.Error{}), false)
	wantEqual(t, "Is ErrFreed", errors.Is(err, libssl.ErrFreed), false)
	wrapped := fmt.Errorf("outer: %w", err)
	wantEqual(t, "wrapped", errors.Is(wrapped, stack.Entries[2]), true)
}

func TestErrorStackTexts(t *testing.T) {
	e := libssl.Error{Code: 1, Lib: "L", Func: "F", Reason: "R"}
	for _, c := range []struct {
		stack   libssl.ErrorStack
		text    string
		unwraps []error
	}{
		{libssl.ErrorStack{}, "libssl: no call has failed", nil},
		{libssl.ErrorStack{Func: "f"}, "f failed; OpenSSL gave no reason", nil},
		{libssl.ErrorStack{Func: "f", Refused: libssl.ErrFreed}, "f: libssl: handle is nil or was freed", []error{libssl.ErrFreed}},
		{libssl.ErrorStack{Func: "f", Errno: syscall.EPIPE}, "f: broken pipe", []error{syscall.EPIPE}},
		{libssl.ErrorStack{Func: "f", Entries: []libssl.Error{e}}, "f: error:00000001:L:F:R", []error{e}},
		{libssl.ErrorStack{Func: "f", Entries: []libssl.Error{e, e}}, "f: error:00000001:L:F:R; error:00000001:L:F:R", []error{e, e}},
	} {
		wantEqual(t, "text", c.stack.Error(), c.text)
		wantEqual(t, c.text, slices.Equal(c.stack.Unwrap(), c.unwraps), true)
		for _, u := range c.unwraps {
			wantEqual(t, c.text+": Is", errors.Is(c.stack, u), true)
		}
	}
}

func TestKeepQueue(t *testing.T) {
	ctx := clientCtx(t, 0)
	fail := func() []libssl.Error {
		var stack libssl.ErrorStack
		errors.As(ctx.SetCipherList("nonsense"), &stack)
		return stack.Entries
	}
	native := func(entries ...libssl.Error) (full []ctest.FullEntry) {
		for _, e := range entries {
			full = append(full, ctest.FullEntry{Code: e.Code, File: e.File, Line: e.Line, Data: e.Data})
		}
		return full
	}
	onThread(t, func() {
		libssl.KeepQueue(func() {
			one := fail()
			libssl.KeepQueue(func() { wantEqual(t, "entries of a second failure", len(fail()), len(one)) })
			three := fail()
			wantQueue(t, "three failures", native(one[0], one[0], three[0]))
		})
		fail()
		wantQueue(t, "after KeepQueue", nil)
	})
	onThread(t, func() { // what a full queue loses is the oldest
		foreign := pushForeign(15)
		libssl.KeepQueue(func() { wantQueue(t, "full", append(slices.Clone(foreign[:15]), native(fail()...)...)[1:]) })
	})
	for name, leave := range map[string]func(){"panic": func() { panic("x") }, "Goexit": runtime.Goexit} {
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			onThread(t, func() {
				defer func() {
					_ = recover()
					fail()
					wantQueue(t, "after a "+name, nil)
				}()
				libssl.KeepQueue(leave)
			})
		}()
		wg.Wait()
	}
	// A mode of the thread, not of the process.
	libssl.KeepQueue(func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			onThread(t, func() { fail() })
		}()
		<-done
	})
}

// TestKeepQueueStale: what stands on the queue already, of others or of calls before, is no call's own. SSL_get_error alone takes it for one, as in C.
func TestKeepQueueStale(t *testing.T) {
	survives(t, func(t *testing.T) {
		for _, n := range []int{1, 14, 15} {
			ctx, sess := clientCtx(t, 0), newSession(t)
			set, unset := newSSL(t, ctx), newSSL(t, ctx)
			must(t, ctx.SetSSLVersion(libssl.TLSv12ClientMethod())) // so that SetSession has to switch, and looks at the queue
			onThread(t, func() {
				stale := pushForeign(n)
				libssl.KeepQueue(func() {
					wantEqual(t, "SetSession", set.SetSession(sess), 1)
					wantEqual(t, "SetSession's errors", set.LastErrors().Func, "")
					ctest.FailAllocation(1)
					wantEqual(t, "SetSession without memory", unset.SetSession(sess), 0)
					ctest.Allocations()
					wantEqual(t, "its errors", unset.LastErrors().Error(), "SSL_set_session failed; OpenSSL gave no reason")
					wantEqual(t, "GetError", unset.GetError(0), libssl.ErrorSSL)
				})
				wantQueue(t, "two calls that pushed nothing", stale)
			})
			onThread(t, func() {
				stale := pushForeign(n)
				libssl.KeepQueue(func() { wantEqual(t, "SetCipherList", set.SetCipherList("nonsense"), 0) })
				own := set.LastErrors().Entries
				wantEqual(t, "entries of one failure", len(own), 1)
				e := ctest.FullEntry{Code: own[0].Code, File: own[0].File, Line: own[0].Line}
				wantQueue(t, "one call that pushed", append(stale, e)[max(0, n-14):])
			})
		}
	})
}

// TestKeepQueueMisleads: SSL_get_error looks at the queue, and a handshake clears it; both show inside KeepQueue alone.
func TestKeepQueueMisleads(t *testing.T) {
	c, s := connected(t, clientCtx(t, 0), serverCtx(t, 0))
	read := func() int { return c.GetError(c.Read(make([]byte, 1))) }
	onThread(t, func() {
		foreign := pushForeign(2)
		wantEqual(t, "GetError", read(), libssl.ErrorWantRead)
		libssl.KeepQueue(func() {
			wantEqual(t, "GetError inside KeepQueue", read(), libssl.ErrorSSL)
			wantEqual(t, "LastErrors inside KeepQueue", len(c.LastErrors().Entries), 0)
			s.Write([]byte("x"))
			move(s, c)
			wantEqual(t, "GetError of a success", read(), libssl.ErrorNone)
		})
		wantQueue(t, "reads", foreign)
		foreign = pushForeign(2)
		c, _ = pair(t, clientCtx(t, 0), serverCtx(t, 0))
		c.DoHandshake()
		wantQueue(t, "a handshake", foreign)
		pushForeign(2)
		libssl.KeepQueue(func() { c.DoHandshake() })
		wantQueue(t, "a handshake inside KeepQueue", nil)
	})
}

func TestErrorStackPush(t *testing.T) {
	for name, call := range calls(t) {
		onThread(t, func() {
			var err error
			libssl.KeepQueue(func() { err = call() })
			native := ctest.DrainFull()
			var stack libssl.ErrorStack
			if errors.As(err, &stack) {
				foreign := pushForeign(2)
				stack.Push()
				wantQueue(t, name, append(foreign, native...))
			}
		})
	}
	onThread(t, func() {
		libssl.ErrorStack{}.Push()
		libssl.ErrorStack{Func: "f", Refused: libssl.ErrFreed}.Push()
		wantQueue(t, "nothing to push", nil)
		// One made by hand has no file that C could keep, and so no line.
		libssl.ErrorStack{Entries: []libssl.Error{{Code: 200<<24 | 1<<12 | 2, File: "mine.go", Line: 3, Data: "D"}}}.Push()
		wantQueue(t, "made by hand", []ctest.FullEntry{{Code: 200<<24 | 1<<12 | 2, File: "NA", Data: "D"}})
		many := libssl.ErrorStack{}
		for i := range 20 {
			many.Entries = append(many.Entries, libssl.Error{Code: uint32(200<<24 | i)})
		}
		many.Push()
		left := ctest.DrainFull()
		wantEqual(t, "as many as it holds", len(left), 15)
		wantEqual(t, "the newest is last", left[14].Code, 200<<24|19)
	})
}

func TestLastErrors(t *testing.T) {
	ctx := clientCtx(t, 0)
	ssl, other := newSSL(t, ctx), newSSL(t, ctx)
	up := ssl.UpRef()
	defer up.Free()
	wantEqual(t, "before any failure", ssl.LastErrors().Error(), "libssl: no call has failed")
	wantEqual(t, "SetCipherList", ssl.SetCipherList("nonsense"), 0)
	wantText(t, "a failure", ssl.LastErrors(), "no cipher match")
	wantEqual(t, "SetCipherList", ssl.SetCipherList("ALL"), 1)
	wantText(t, "after a success", ssl.LastErrors(), "no cipher match")
	wantEqual(t, "of another handle", up.LastErrors().Error(), "libssl: no call has failed")
	wantEqual(t, "of another SSL", other.LastErrors().Error(), "libssl: no call has failed")
	up.SetTLSExtHostName("")
	wantText(t, "after another handle's failure", ssl.LastErrors(), "no cipher match")
	before := ssl.LastErrors()
	ssl.SetTLSExtHostName("")
	wantText(t, "the next failure", ssl.LastErrors(), "invalid servername")
	wantText(t, "what was returned before", before, "no cipher match")
	ssl.Free()
	ssl.Shutdown()
	wantIs(t, "a refusal", ssl.LastErrors(), libssl.ErrFreed)
}

// TestErrorsOfGoroutines: each gets its own, on whatever threads they run.
func TestErrorsOfGoroutines(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		ctx, sess := clientCtx(t, 0), newSession(t)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 300 {
				if i%2 == 0 {
					wantText(t, "SetCipherList", ctx.SetCipherList("nonsense"), "SSL_CTX_set_cipher_list: error:1410D0B9:SSL routines:SSL_CTX_set_cipher_list:no cipher match")
				} else {
					wantText(t, "SetID", sess.SetID(make([]byte, 33)), "SSL_SESSION_set1_id: error:141A7198:SSL routines:SSL_SESSION_set1_id:ssl session id too long")
				}
				runtime.Gosched()
			}
		}()
	}
	wg.Wait()
}
