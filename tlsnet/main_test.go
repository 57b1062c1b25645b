package tlsnet_test

import (
	"os"
	"testing"

	"github.com/seed-c1436005/libssl/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }
