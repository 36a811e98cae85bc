// This file looks at what a client of a gateway is built of.

package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const clientPackage = "github.com/fluxor-db/fluxor/examples/oracle-gateway/client"

// foreign are the packages of others that the client may link: what SCRAM and the
// socket need.
var foreign = []string{
	"github.com/xdg-go/scram", "github.com/xdg-go/stringprep", "golang.org/x/sys/unix",
	"golang.org/x/text/transform", "golang.org/x/text/unicode/norm",
}

// built builds the client without cgo.
func built(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "client")
	played(t, []string{"CGO_ENABLED=0"}, "go", "build", "-o", binary, clientPackage)
	return binary
}

func TestAClientLinksNoDatabaseDriver(t *testing.T) {
	packages := strings.Fields(played(t, []string{"CGO_ENABLED=0"}, "go", "list", "-deps", clientPackage))
	own := regexp.MustCompile(`^github\.com/fluxor-db/fluxor/(backend|refusal|netdriver|internal/netshim|netdriver/internal/wire|examples/oracle-gateway/client)$`)
	var others []string
	for _, p := range packages {
		host, _, _ := strings.Cut(p, "/")
		switch {
		case !strings.Contains(host, ".") || own.MatchString(p):
		case slices.Contains(foreign, p):
			others = append(others, p)
		default:
			t.Errorf("the client links %s", p)
		}
	}
	if len(others) != len(foreign) {
		t.Errorf("it links %q; the list above has more", others)
	}
	info, err := os.Stat(built(t))
	if err != nil {
		t.Fatal(err)
	}
	const most = 12 << 20
	if info.Size() > most {
		t.Errorf("the client has %d bytes, want %d at most", info.Size(), most)
	}
	t.Logf("%.1f MB, %d packages, %d of them of others", float64(info.Size())/1e6, len(packages), len(others))
}
