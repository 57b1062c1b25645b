package conformance

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// files are what the drivers need, so that the suite runs outside of this repository; data is what the reports need.
var (
	//go:embed ops/*.ops cdriver/*.c cdriver/*.h cdriver/*.def cdriver/selftest.ops testdata
	files embed.FS
	//go:embed differences.json clauses.json reference/*.jsonl
	data embed.FS
)

// dir is the directory that the scripts, the C driver and the test data were written to. cc, and libssl, want files.
var dir = sync.OnceValue(func() string {
	at, err := unpack()
	if err != nil {
		panic(fmt.Sprintf("conformance: the scripts cannot be written to the cache directory, nor to a temporary one: %v", err))
	}
	return at
})

func testdata(file string) string { return filepath.Join(dir(), "testdata", file) }

// unpack writes the files where they stay, under a name that says what is in them.
func unpack() (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := files.ReadFile(name)
		fmt.Fprintf(hash, "%s %d\n%s", name, len(text), text)
		return err
	})
	if err != nil {
		return "", err
	}
	base, err := cacheDir("")
	if err != nil {
		return "", err
	}
	final := filepath.Join(base, "files-"+hex.EncodeToString(hash.Sum(nil)[:16]))
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	made, err := os.MkdirTemp(base, "files-")
	if err != nil {
		return "", err
	}
	if err := os.CopyFS(made, files); err != nil {
		return "", errors.Join(err, os.RemoveAll(made))
	}
	if err := os.Rename(made, final); err != nil {
		if _, there := os.Stat(final); there != nil {
			return "", err
		}
		return final, os.RemoveAll(made) // another process was faster
	}
	return final, nil
}
