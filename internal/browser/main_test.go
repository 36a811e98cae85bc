// This file is the test binary's entry: it finds the browser, and no goroutine may be left.

package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"go.uber.org/goleak"
)

// chromium is the browser of all tests; each has tabs of its own.
var chromium context.Context

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }

// suite are the tests between the browser's start and its end.
type suite struct{ tests *testing.M }

// Run runs them.
func (s suite) Run() int {
	path, err := find()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.WSURLReadTimeout(2*time.Minute))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has none for root
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop() // it waits for the process
	var end context.CancelFunc
	chromium, end = chromedp.NewContext(ctx)
	defer end()
	if err := chromedp.Do(chromium); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return s.tests.Run()
}

// find looks for Chromium.
func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("there is no Chromium: scripts/servers.sh installs it")
}
