package tlsnet

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// fileCache keeps each session in a file of its own: what comes first in its name stands for the key, then comes when it was put.
type fileCache struct {
	dir  string
	key  []byte
	aead cipher.AEAD
}

// maxSessionFile is more than a session with a long chain has.
const maxSessionFile = 1 << 20

// NewFileCache returns a cache in the files of a folder, which is made if it is not there, for programs that end and start again. Several programs may
// use it at once: a session for a single use goes to one of them. Files are encrypted (AES-256-GCM) with key, 32 bytes that have to be kept as secret as a
// private key, and are for their owner only. A file that is damaged, or of another key, is as if it were not there, and what cannot be written is not kept.
// What was put a week ago, as long as a ticket may live, is removed by NewFileCache.
func NewFileCache(dir string, key []byte) (SessionCache, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("tlsnet: NewFileCache: the key has %d bytes, not 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("tlsnet: NewFileCache: %w", err)
	}
	c := &fileCache{dir, slices.Clone(key), aead}
	// Find out now whether it works. Others may do the same.
	f, err := os.CreateTemp(dir, "new-")
	if err != nil {
		return nil, fmt.Errorf("tlsnet: NewFileCache: %w", err)
	}
	f.Close()
	c.forget(time.Now().Add(-sessionFileLife))
	return c, os.Remove(f.Name())
}

const sessionFileLife = 7 * 24 * time.Hour

var sessionFile = regexp.MustCompile(`^([0-9a-f]{32}-[0-9]{19}|new-[0-9]+)$`)

// forget removes what was put before then.
func (c *fileCache) forget(then time.Time) {
	entries, _ := os.ReadDir(c.dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && sessionFile.MatchString(e.Name()) && info.ModTime().Before(then) {
			os.Remove(filepath.Join(c.dir, e.Name()))
		}
	}
}

func (c *fileCache) Get(key string) (*Session, bool) {
	files := c.files(key)
	slices.Reverse(files)
	for _, file := range files {
		session, err := c.read(file, key)
		// Whoever removes a session for a single use has it.
		if err != nil || session.SingleUse() {
			if os.Remove(file) != nil {
				continue
			}
		}
		if err == nil {
			return session, true
		}
	}
	return nil, false
}

func (c *fileCache) Put(key string, session *Session) {
	old := c.files(key)
	if session != nil {
		plain, err := session.MarshalBinary()
		if err != nil {
			return
		}
		name := fmt.Sprintf("%s-%019d", c.prefix(key), time.Now().UnixNano())
		if c.write(filepath.Join(c.dir, name), c.aead.Seal(nil, nil, plain, []byte(key))) != nil {
			return
		}
		if session.SingleUse() {
			old = old[:max(0, len(old)-ticketsOfKey+1)]
		}
	}
	for _, file := range old {
		os.Remove(file)
	}
}

// prefix is where the names of a key's files begin. It does not tell the host.
func (c *fileCache) prefix(key string) string {
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte(key))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// files returns those of a key, the newest last.
func (c *fileCache) files(key string) []string {
	prefix := c.prefix(key) + "-"
	entries, _ := os.ReadDir(c.dir) // by name
	var files []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			files = append(files, filepath.Join(c.dir, e.Name()))
		}
	}
	return files
}

func (c *fileCache) read(file, key string) (*Session, error) {
	info, err := os.Lstat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxSessionFile { // to read a pipe would wait
		return nil, fmt.Errorf("%s: no session", file)
	}
	sealed, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	plain, err := c.aead.Open(nil, nil, sealed, []byte(key))
	if err != nil {
		return nil, err
	}
	session := new(Session)
	return session, session.UnmarshalBinary(plain)
}

// write makes a file that is whole or not there.
func (c *fileCache) write(file string, b []byte) error {
	f, err := os.CreateTemp(c.dir, "new-") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
