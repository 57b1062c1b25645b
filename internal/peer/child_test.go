package peer

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// A child is waited for by what it prints, however it is cut into pieces, and never for ever.
func TestChild(t *testing.T) {
	defer func(limit time.Duration) { StepLimit = limit }(StepLimit)
	for _, test := range []struct {
		name, script, want string
		limit              time.Duration
	}{
		{"printed", "printf rea; read line; echo dy $line; read line", "ready 7", time.Minute},
		{"printed and ended", "echo ready 7", "ready 7", time.Minute},
		{"ended", "echo other", `sh ended and never printed "ready (.)"`, time.Minute},
		{"silent", "read line; read line", `sh did nothing for 10ms and never printed "ready (.)"`, 10 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			StepLimit = test.limit
			c, err := Start(t.Context(), "sh", "-c", test.script)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Stop()
			c.Stdin.Write([]byte("7\n"))
			m, err := c.Await(regexp.MustCompile("ready (.)"))
			if err != nil {
				m = []string{err.Error()}
			}
			if m[0] != test.want {
				t.Errorf("%q, want %q", m[0], test.want)
			}
			c.Stop()
			if _, err := c.Await(regexp.MustCompile("never")); err == nil || !strings.Contains(err.Error(), "ended") {
				t.Errorf("after its end: %v", err)
			}
		})
	}
}
