package tlsnet_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seed-c1436005/libssl/tlsnet"
)

var cacheKey = bytes.Repeat([]byte{7}, 32)

func newFileCache(t *testing.T, dir string) tlsnet.SessionCache {
	cache, err := tlsnet.NewFileCache(dir, cacheKey)
	check(err)
	return cache
}

// sessionOf returns a session of a connection.
func sessionOf(t *testing.T, client, server *tlsnet.Config) *tlsnet.Session {
	c, s := mustConnect(t, client, server)
	exchange(t, c, s)
	return c.Session()
}

func TestFileCache(t *testing.T) {
	eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
		dir := filepath.Join(t.TempDir(), "sessions")
		for i := range 3 {
			client = client.Clone()
			client.SessionCache = newFileCache(t, dir) // as after a restart
			if got := resumed(t, client, server); got != (i > 0) {
				t.Errorf("connection %d: resumed %v", i, got)
			}
		}
		entries, err := os.ReadDir(dir)
		check(err)
		if len(entries) == 0 {
			t.Fatal("no files")
		}
		for _, e := range entries {
			info, err := e.Info()
			check(err)
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			check(err)
			if info.Mode().Perm() != 0o600 || bytes.Contains(b, []byte("example.test")) {
				t.Errorf("%s: %v, or not encrypted", e.Name(), info.Mode())
			}
		}
	})
}

func TestFileCacheEntries(t *testing.T) {
	eachVersion(t, nil, func(t *testing.T, client, server *tlsnet.Config) {
		session := sessionOf(t, client, server)
		dir := t.TempDir()
		cache := newFileCache(t, dir)
		for range 7 {
			cache.Put("key", session)
		}
		n := 0
		for ; n < 9; n++ {
			if _, ok := cache.Get("key"); !ok {
				break
			}
		}
		if want := map[bool]int{true: 4, false: 9}[client.MaxVersion == tls.VersionTLS13]; n != want {
			t.Errorf("%d sessions, want %d", n, want)
		}
		cache.Put("key", session)
		cache.Put("key", nil)
		if _, ok := cache.Get("key"); ok {
			t.Error("nil did not remove")
		}

		for name, damage := range map[string]func(b []byte) []byte{
			"a bit":     func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
			"the end":   func(b []byte) []byte { return b[:len(b)-1] },
			"all":       func([]byte) []byte { return nil },
			"too large": func([]byte) []byte { return make([]byte, 2<<20) },
		} {
			cache.Put("key", session)
			files, _ := filepath.Glob(filepath.Join(dir, "*"))
			if len(files) != 1 {
				t.Fatal(files)
			}
			b, err := os.ReadFile(files[0])
			check(err)
			check(os.WriteFile(files[0], damage(b), 0o600))
			if _, ok := cache.Get("key"); ok {
				t.Errorf("damaged: %s", name)
			}
		}
		// A pipe in its place, which nobody writes to.
		cache.Put("key", session)
		pipe, _ := filepath.Glob(filepath.Join(dir, "*"))
		check(errors.Join(os.Remove(pipe[0]), syscall.Mkfifo(pipe[0], 0o600)))
		if _, ok := cache.Get("key"); ok {
			t.Error("a pipe")
		}
		// The file of another key in its place.
		cache.Put("key", session)
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		cache.Put("other", session)
		both, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, f := range both {
			if f != files[0] {
				check(os.Rename(f, files[0]))
			}
		}
		if _, ok := cache.Get("key"); ok {
			t.Error("the session of another peer")
		}
	})
	for _, bad := range []func() (tlsnet.SessionCache, error){
		func() (tlsnet.SessionCache, error) { return tlsnet.NewFileCache(t.TempDir(), cacheKey[:31]) },
		func() (tlsnet.SessionCache, error) { return tlsnet.NewFileCache("/dev/null/x", cacheKey) },
		func() (tlsnet.SessionCache, error) { return tlsnet.NewFileCache("/proc", cacheKey) },
	} {
		if cache, err := bad(); err == nil || cache != nil {
			t.Errorf("%v, %v", cache, err)
		}
	}
}

// However many take a session for a single use, one gets it.
func TestFileCacheTakeOnce(t *testing.T) {
	client, server := configs(nil)
	session := sessionOf(t, client, server)
	dir := t.TempDir()
	for range 20 {
		newFileCache(t, dir).Put("key", session)
		var got atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			cache := newFileCache(t, dir)
			wg.Add(1)
			go func() {
				defer wg.Done()
				if _, ok := cache.Get("key"); ok {
					got.Add(1)
				}
			}()
		}
		wg.Wait()
		if got.Load() != 1 {
			t.Fatalf("%d got it", got.Load())
		}
	}
}

// What was put a week ago is gone, and nothing else is.
func TestFileCacheForgets(t *testing.T) {
	client, server := configs(nil)
	dir := t.TempDir()
	cache := newFileCache(t, dir)
	session := sessionOf(t, client, server)
	cache.Put("old", session)
	sessions, err := filepath.Glob(filepath.Join(dir, "*"))
	check(err)
	cache.Put("young", session)
	unfinished, other := filepath.Join(dir, "new-123"), filepath.Join(dir, "new-plans")
	then := time.Now().Add(-8 * 24 * time.Hour)
	for _, file := range []string{sessions[0], unfinished, other} {
		check(errors.Join(os.WriteFile(file, nil, 0o600), os.Chtimes(file, then, then)))
	}
	cache = newFileCache(t, dir)
	for file, want := range map[string]bool{sessions[0]: false, unfinished: false, other: true} {
		if _, err := os.Stat(file); (err == nil) != want {
			t.Errorf("%s: is there %v, want %v", file, err == nil, want)
		}
	}
	if _, ok := cache.Get("young"); !ok {
		t.Error("the young session is gone")
	}
}
