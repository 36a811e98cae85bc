// This file holds the layers: who may import whom, each with its reason.

package house

import (
	"go/token"
	"path"
	"slices"
	"strings"
)

// layer says what the files of some folders may import. Tests tie everything
// together and are not bound.
type layer struct {
	reason string
	// folders are bound, with all below them; "." is the root package alone.
	folders []string
	// except are folders below that are not bound.
	except []string
	// never are folders of this module ("." the root) or other modules.
	never []string
	// only, if not nil, are the folders of this module that may be imported.
	only []string
}

// drivers maps each database driver to the folders it belongs to: the one that
// registers it, and the one that makes its errors of what came through a gateway.
var drivers = map[string][]string{
	"github.com/lib/pq":             {"drivers/postgres", "netdriver/pqerr"},
	"github.com/jackc/pgx":          {"drivers/pgx", "netdriver/pgxerr"},
	"github.com/go-sql-driver":      {"drivers/mysql", "netdriver/mysqlerr"},
	"modernc.org/sqlite":            {"drivers/sqlite"},
	"github.com/godror/godror":      {"drivers/oracle"},
	"github.com/sijms/go-ora":       {"no folder"},
	"github.com/oracle/go-oracledb": {"no folder"},
	"github.com/DATA-DOG":           {"no folder"},
}

// adapted maps each foreign library to the folders that adapt it.
var adapted = map[string][]string{
	"github.com/ngrok/sqlmw":          {"middleware/sqlmw"},
	"github.com/prometheus":           {"metrics/prometheus"},
	"go.opentelemetry.io/otel":        {"metrics/otel", "middleware/tracing"},
	"go.opentelemetry.io/otel/metric": {"metrics/otel"},
	"go.opentelemetry.io/otel/trace":  {"middleware/tracing"},
	"go.opentelemetry.io/otel/sdk":    {"no folder"}, // tests and programs
	"github.com/maypok86/otter":       {"internal/cache"},
	"github.com/goccy/go-yaml":        {"netdriver/gateway/config"},
	"charm.land":                      {"cmd"},
	"github.com/charmbracelet":        {"cmd"},
}

// tying are the folders that put a program together.
var tying = []string{"cmd", "examples"}

var layers = []layer{
	{
		reason:  "a program pays only for the database it uses: drivers come with a blank import of drivers/...",
		folders: []string{"."},
		never:   []string{"drivers", "cmd", "examples"},
	},
	{
		reason:  "the client of a gateway stays small and holds no database driver",
		folders: []string{"netdriver"},
		except:  []string{"netdriver/gateway"},
		only:    []string{"netdriver/internal/wire", "refusal", "backend", "internal/netshim"},
	},
	{
		reason:  "who wants the errors of a direct driver links that driver, and no other client of a gateway does",
		folders: []string{"netdriver/pqerr", "netdriver/pgxerr", "netdriver/mysqlerr"},
		only:    []string{"netdriver"},
	},
	{
		reason:  "a protocol is read and written in one place, which knows neither who speaks it nor what over",
		folders: []string{"netdriver/internal/wire"},
		only:    []string{},
	},
	{
		reason:  "the gateway serves connectors, whatever drivers are below them, and those who put a program together choose those",
		folders: []string{"netdriver/gateway"},
		only:    []string{".", "backend", "health", "metrics", "middleware", "refusal", "internal/limit", "netdriver/internal/wire"},
	},
	{
		reason:  "a file of settings becomes a gateway's configuration and nothing runs by it: how settings are written is nobody else's business",
		folders: []string{"netdriver/gateway/config"},
		only:    []string{".", "netdriver/gateway"},
	},
	{
		reason:  "observers define the small interfaces they need, so that anything can be observed and nothing depends on being observed",
		folders: []string{"health", "admin", "metrics"},
		never:   []string{"."},
	},
	{
		reason:  "a driver package is the real driver, its wire, its dialect and its DSN, and nothing of the engine",
		folders: []string{"drivers"},
		only:    []string{"backend", "internal/dsn", "internal/netshim"},
	},
	{
		reason:  "errors are a vocabulary for everybody, so they depend on nothing",
		folders: []string{"refusal"},
		only:    []string{},
	},
	{
		reason:  "what differs between databases is known below the engine",
		folders: []string{"backend"},
		only:    []string{"refusal"},
	},
	{
		reason:  "middlewares know operations, not the engine that runs them",
		folders: []string{"middleware"},
		except:  []string{"middleware/tracing"},
		only:    []string{"middleware", "refusal"},
	},
	{
		reason:  "spans need the chain's vocabulary, a statement's words and the names of the conventions, and nothing of the engine",
		folders: []string{"middleware/tracing"},
		only:    []string{"middleware", "internal/otelname", "internal/sqltext"},
	},
	{
		reason:  "numbers are counted and exported by kind of operation, whatever produces them",
		folders: []string{"metrics"},
		only:    []string{"metrics", "middleware", "refusal", "internal/otelname"},
	},
	{
		reason:  "what is shown over HTTP is what connectors say of themselves, and nothing of the engine",
		folders: []string{"admin"},
		only:    []string{"health", "metrics", "middleware"},
	},
	{
		reason:  "the names of the conventions are read off errors, and need no backend, driver or exporter",
		folders: []string{"internal/otelname"},
		only:    []string{"refusal"},
	},
	{
		reason:  "the ledger knows statements by their text alone, so that whatever runs them can keep one",
		folders: []string{"internal/ledger"},
		only:    []string{"internal/sqltext", "internal/callsite"},
	},
	{
		reason:  "rules know the names and words of statements, and neither the cache nor what runs it",
		folders: []string{"internal/cacherules"},
		only:    []string{"internal/sqltext"},
	},
	{
		reason:  "a plan puts together what a text says, what rules demand and what the catalog knows, before anything runs",
		folders: []string{"internal/cacheplan"},
		only:    []string{"internal/cache", "internal/cacherules", "internal/catalog", "internal/sqltext"},
	},
	{
		reason:  "a list knows nothing of what stands in it",
		folders: []string{"internal/list"},
		only:    []string{},
	},
	{
		reason:  "a call stack is read without knowing who asks",
		folders: []string{"internal/callsite"},
		only:    []string{},
	},
	{
		reason:  "the adapter of a foreign interceptor needs the chain's vocabulary and nothing else of ours",
		folders: []string{"middleware/sqlmw"},
		only:    []string{"middleware"},
	},
	{
		reason:  "internal packages are mechanisms below the product and can be read without it; but a test's gateway is the product's",
		folders: []string{"internal"},
		except:  []string{"internal/dbtest/gatewaytest"},
		never:   []string{".", "drivers", "netdriver", "admin", "health", "metrics", "cmd", "examples"},
	},
	{
		reason:  "faults are played by tests, from outside, as an application meets them",
		folders: []string{"internal/faults"},
		only:    []string{},
	},
	{
		reason:  "a breaker knows outcomes and times; what an outcome means is decided above",
		folders: []string{"internal/breaker"},
		only:    []string{},
	},
	{
		reason:  "a cache knows tags, versions and values; what a statement reads or writes is decided above",
		folders: []string{"internal/cache"},
		only:    []string{},
	},
	{
		reason:  "a catalog knows queries and their rows, whoever runs them, and reads texts as all others do",
		folders: []string{"internal/catalog"},
		only:    []string{"internal/sqltext"},
	},
	{
		reason:  "limits know operations by their number alone",
		folders: []string{"internal/limit"},
		only:    []string{"internal/list"},
	},
	{
		reason:  "who judges a run knows faults, answers and rows, and not what gave the answers: the same judgement holds for a bare driver",
		folders: []string{"internal/soak"},
		only:    []string{"refusal", "internal/faultproxy"},
	},
	{
		reason:  "whether a read was stale is told by times and values, whatever was between the client and its rows",
		folders: []string{"internal/registers"},
		only:    []string{"internal/soak"},
	},
	{
		reason:  "programs are played by tests, from outside, as an application meets Fluxor",
		folders: []string{"internal/difffuzz"},
		only:    []string{},
	},
	{
		reason:  "a gateway and its client are compared with the bare driver by tests, from outside, as an application meets them",
		folders: []string{"internal/remote"},
		only:    []string{},
	},
	{
		reason:  "a load knows calls and their answers, whatever is called",
		folders: []string{"internal/overload", "internal/gatewaybench"},
		only:    []string{},
	},
	{
		reason:  "only programs, examples and tests tie everything together",
		folders: []string{"drivers", "netdriver", "admin", "health", "metrics", "middleware", "backend", "refusal"},
		never:   []string{"cmd", "examples"},
	},
	{
		reason:  "the test kit starts servers and links package testing",
		folders: []string{".", "drivers", "netdriver", "admin", "health", "metrics", "middleware", "backend", "refusal", "internal", "cmd", "examples"},
		except:  []string{"internal/dbtest"},
		never:   []string{"internal/dbtest"},
	},
}

var layerRules = append(layersAsRules(),
	rule{"each database driver is linked by its own drivers/ package alone, so that importing one brings no other", each(checkDriverHome)},
	rule{"a library whose interface somebody may use is linked by its adapter alone, so that nobody else pays for it", each(checkAdapterHome)},
	rule{"folders that need each other are one folder: find the lower package that is missing", checkCircles},
)

func layersAsRules() []rule {
	var all []rule
	for _, l := range layers {
		all = append(all, rule{l.reason, each(l.check)})
	}
	return all
}

func (l layer) check(f *File, report reporter) {
	if f.test() || f.nested || f.in(l.except...) || !l.binds(f.dir()) {
		return
	}
	for _, spec := range f.Syntax.Imports {
		folder, ours := folderOf(imported(spec))
		if !ours {
			continue
		}
		if l.only != nil && !under(folder, l.only...) && !slices.Contains(l.folders, folder) {
			report(f, spec.Pos(), "%s imports %s", f.dir(), imported(spec))
		}
		if under(folder, l.never...) {
			report(f, spec.Pos(), "%s imports %s", f.dir(), imported(spec))
		}
	}
}

func (l layer) binds(dir string) bool { return under(dir, l.folders...) }

// folderOf is the folder of an import path of this module; "." for the root.
func folderOf(name string) (folder string, ours bool) {
	if name == Module {
		return ".", true
	}
	return strings.CutPrefix(name, Module+"/")
}

func checkDriverHome(f *File, report reporter) {
	if f.test() || f.nested || f.in("internal/dbtest") || f.in(tying...) {
		return
	}
	for _, spec := range f.Syntax.Imports {
		for driver, homes := range drivers {
			if under(imported(spec), driver) && !f.in(homes...) {
				report(f, spec.Pos(), "%s imports %s, which belongs to %s", f.dir(), imported(spec), strings.Join(homes, " and "))
			}
		}
	}
}

func checkAdapterHome(f *File, report reporter) {
	if f.test() || f.nested {
		return
	}
	for _, spec := range f.Syntax.Imports {
		for library, homes := range adapted {
			if under(imported(spec), library) && !f.in(homes...) {
				report(f, spec.Pos(), "%s imports %s, which belongs to %s", f.dir(), imported(spec), strings.Join(homes, " and "))
			}
		}
	}
}

// tie is one import of a room by another.
type tie struct {
	f   *File
	pos token.Pos
}

// checkCircles looks for folders that reach themselves through others. Folders
// are taken as rooms: a public package with all below it, a folder of
// internal/, the root.
func checkCircles(t *Tree, report reporter) {
	ties := map[string]map[string]tie{}
	for _, f := range t.Files {
		if f.test() || f.nested || f.in(tying...) {
			continue
		}
		for _, spec := range f.Syntax.Imports {
			folder, ours := folderOf(imported(spec))
			from, to := room(f.dir()), room(folder)
			if !ours || from == to {
				continue
			}
			if ties[from] == nil {
				ties[from] = map[string]tie{}
			}
			ties[from][to] = tie{f, spec.Pos()}
		}
	}
	for from, tos := range ties {
		for to, at := range tos {
			if reaches(ties, to, from, map[string]bool{}) {
				report(at.f, at.pos, "%s imports %s, which leads back to it", from, to)
			}
		}
	}
}

func reaches(ties map[string]map[string]tie, from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	seen[from] = true
	for next := range ties[from] {
		if !seen[next] && reaches(ties, next, to, seen) {
			return true
		}
	}
	return false
}

// room is the folder that counts as one: internal/pool, drivers, the root.
func room(dir string) string {
	parts := strings.Split(dir, "/")
	if parts[0] == "internal" && len(parts) > 1 {
		return path.Join(parts[:2]...)
	}
	return parts[0]
}
