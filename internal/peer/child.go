package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Command makes a child that dies with ctx. The distribution's openssl.cnf must not change what it does.
func Command(ctx context.Context, tool string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Env = append(os.Environ(), "OPENSSL_CONF=/dev/null")
	cmd.WaitDelay = time.Second
	return cmd
}

// Child is a running program.
type Child struct {
	Stdin io.Writer
	name  string
	stop  context.CancelFunc
	ended chan struct{}

	mu   sync.Mutex
	text bytes.Buffer  // what it printed
	more chan struct{} // closed when it prints more
}

// Start runs a program, to be stopped by the caller. Its input stays open.
func Start(ctx context.Context, tool string, args ...string) (*Child, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := &Child{name: tool, stop: cancel, ended: make(chan struct{}), more: make(chan struct{})}
	cmd := Command(ctx, tool, args...)
	cmd.Stdout, cmd.Stderr = c, c
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	c.Stdin = stdin
	go func() {
		cmd.Wait()
		close(c.ended)
	}()
	return c, nil
}

// Write takes what the child prints.
func (c *Child) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.Write(b)
	close(c.more)
	c.more = make(chan struct{})
	return len(b), nil
}

// Output is what it printed so far.
func (c *Child) Output() string {
	text, _ := c.printed()
	return text
}

func (c *Child) printed() (text string, more <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String(), c.more
}

// Ended is closed when it has ended.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Await waits until it has printed something, and returns the submatches.
func (c *Child) Await(something *regexp.Regexp) ([]string, error) {
	limit := time.After(StepLimit)
	for {
		text, more := c.printed()
		if m := something.FindStringSubmatch(text); m != nil {
			return m, nil
		}
		why := errors.New("ended")
		select {
		case <-more:
			continue
		case <-c.ended:
		case <-limit:
			why = fmt.Errorf("did nothing for %s", StepLimit)
		}
		if text = c.Output(); something.MatchString(text) {
			continue
		}
		return nil, fmt.Errorf("%s %w and never printed %q", c.name, why, something)
	}
}

// Stop kills and reaps it.
func (c *Child) Stop() {
	c.stop()
	<-c.ended
}

var reusedLine = regexp.MustCompile(`(?m)^(New|Reused), (\S+),`)

// NewOrReused is how the openssl tool says whether a connection was resumed: s_client where it prints, s_server in its page.
func NewOrReused(text string) string {
	if m := reusedLine.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return "nothing"
}

// LastLine is the last line that is not empty.
func LastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}
