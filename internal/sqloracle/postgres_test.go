// This file compares verdicts with the trees of PostgreSQL's own parser.

package sqloracle

import (
	"slices"
	"strings"
	"testing"

	pgtree "github.com/pganalyze/pg_query_go/v6"
	pgquery "github.com/wasilibs/go-pgquery"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/fluxor-db/fluxor/internal/sqltext"
)

func TestTablesAgreeWithPostgresParser(t *testing.T) {
	parsed := 0
	for _, text := range seeds(t, "postgres") {
		t.Run(text, func(t *testing.T) {
			if comparePostgres(t, text) {
				parsed++
			}
		})
	}
	if parsed < 150 {
		t.Errorf("only %d texts were accepted by the parser", parsed)
	}
}

func TestMixturesAgreeWithPostgresParser(t *testing.T) {
	valid := mixtures(*texts, seeds(t, "postgres"), func(text string) bool { return comparePostgres(t, text) })
	if valid < *texts/25 {
		t.Errorf("%d of %d texts are valid", valid, *texts)
	}
}

func FuzzPostgres(f *testing.F) { fuzzMixtures(f, "postgres", comparePostgres) }

// comparePostgres holds a text's verdict against its tree, and reports whether
// it has one.
func comparePostgres(t *testing.T, text string) bool {
	t.Helper()
	if strings.ContainsRune(text, 0) || len(text) > 8000 {
		return false
	}
	tree, err := pgquery.Parse(text)
	if err != nil || len(tree.Stmts) == 0 {
		return false
	}
	s := sqltext.Analyze(sqltext.PostgreSQL, text)
	seen := sightings{}
	for _, stmt := range tree.Stmts {
		if node := stmt.Stmt.ProtoReflect(); node.IsValid() {
			seen.walk(node)
		}
	}
	seen.statements = len(tree.Stmts)
	seen.check(t, text, s)
	compareScan(t, text, s)
	return true
}

// sightings are what was found in a tree.
type sightings struct {
	statements int
	kinds      []string // of nodes that are statements
	harm       []string // what a pure text must not have
	unstable   []string // what a stable text must not have
	tables     []string
}

// walk goes through a node and all below it.
func (v *sightings) walk(m protoreflect.Message) {
	v.see(m)
	m.Range(func(_ protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch x := value.Interface().(type) {
		case protoreflect.Message:
			v.walk(x)
		case protoreflect.List:
			for i := range x.Len() {
				if item, ok := x.Get(i).Interface().(protoreflect.Message); ok {
					v.walk(item)
				}
			}
		}
		return true
	})
}

func (v *sightings) see(m protoreflect.Message) {
	name := string(m.Descriptor().Name())
	if strings.HasSuffix(name, "Stmt") && name != "RawStmt" {
		v.kinds = append(v.kinds, name)
	}
	switch node := m.Interface().(type) {
	case *pgtree.IntoClause:
		v.harm = append(v.harm, "INTO")
	case *pgtree.LockingClause:
		v.harm = append(v.harm, "a lock")
	case *pgtree.RangeTableSample:
		v.call(node.Method, false)
	case *pgtree.FuncCall:
		v.call(node.Funcname, node.Funcformat == pgtree.CoercionForm_COERCE_SQL_SYNTAX)
	case *pgtree.A_Expr:
		if path := names(node.Name); len(path) > 1 && path[0] != "pg_catalog" {
			v.harm = append(v.harm, "operator "+strings.Join(path, "."))
		}
	case *pgtree.TypeName:
		if path := names(node.Names); len(path) > 0 && slices.Contains(lookups, path[len(path)-1]) {
			v.unstable = append(v.unstable, path[len(path)-1])
		}
	case *pgtree.SQLValueFunction:
		v.unstable = append(v.unstable, "a value function")
	case *pgtree.RangeVar:
		v.tables = append(v.tables, strings.ToLower(node.Relname))
	}
}

// lookups are the types that look up a name.
var lookups = strings.Fields("regclass regproc regprocedure regoper regoperator regtype regrole regnamespace regconfig regdictionary regcollation")

// call notes a function's name; syntax is true where grammar calls it.
func (v *sightings) call(path []*pgtree.Node, syntax bool) {
	parts := names(path)
	name := parts[len(parts)-1]
	schema := strings.Join(parts[:len(parts)-1], ".")
	probe := sqltext.Analyze(sqltext.PostgreSQL, "select "+name+"(1)")
	switch {
	case syntax, name == "like_escape", name == "similar_to_escape": // the parser's own
	case schema != "" && schema != "pg_catalog", probe.Verdict != sqltext.Pure:
		v.harm = append(v.harm, "function "+schema+"."+name)
	case !probe.Stable:
		v.unstable = append(v.unstable, name)
	}
}

// names are the parts of a name.
func names(nodes []*pgtree.Node) (parts []string) {
	for _, n := range nodes {
		parts = append(parts, n.GetString_().GetSval())
	}
	return parts
}

// plain are the statements that a text may consist of to leave the session as
// it was.
var plain = []string{
	"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CopyStmt", "ExplainStmt", "VariableShowStmt",
}

// check holds the verdict against what was seen.
func (v *sightings) check(t *testing.T, text string, s sqltext.Statement) {
	t.Helper()
	others := slices.DeleteFunc(slices.Clone(v.kinds), func(kind string) bool { return kind == "SelectStmt" })
	switch s.Verdict {
	case sqltext.Pure:
		if v.statements != 1 || len(others) > 0 || len(v.harm) > 0 {
			t.Errorf("%q is pure, but has %d statements, %q, %q", text, v.statements, others, v.harm)
		}
		if s.Stable && len(v.unstable) > 0 {
			t.Errorf("%q is stable, but has %q", text, v.unstable)
		}
	case sqltext.Write:
		for _, kind := range others {
			if !slices.Contains(plain[:6], kind) {
				t.Errorf("%q is a write, but has %s", text, kind)
			}
		}
	}
	if slices.Contains([]string{"INTO"}, strings.Join(v.harm, "")) && s.Neutral {
		t.Errorf("%q is neutral, but creates a table", text)
	}
	for _, kind := range others {
		if s.Neutral && !slices.Contains(v.kinds, "ExplainStmt") && !slices.Contains(plain, kind) {
			t.Errorf("%q is neutral, but has %s", text, kind)
		}
	}
	if s.Verdict == sqltext.Pure || s.Verdict == sqltext.Write {
		for _, table := range v.tables {
			if !slices.Contains(s.Tags, table) {
				t.Errorf("%q has the table %q, which is not among the tags %q", text, table, s.Tags)
			}
		}
	}
}

// marks are characters whose fingerprint tells whether a blank is before them.
const marks = "[]:=.<>~!@#^&|?%*/"

// oneLiteral joins literals in a row, which are one to the scanner.
func oneLiteral(print string) string {
	for strings.Contains(print, "? ?") {
		print = strings.ReplaceAll(print, "? ?", "?")
	}
	return strings.ReplaceAll(print, "... ?", "...")
}

func comment(tok *pgtree.ScanToken) bool {
	return tok.Token == pgtree.Token_SQL_COMMENT || tok.Token == pgtree.Token_C_COMMENT
}

// compareScan writes the tokens of PostgreSQL's scanner in another way, which
// must not change the fingerprint or the verdict.
func compareScan(t *testing.T, text string, s sqltext.Statement) {
	t.Helper()
	if s.Reason == sqltext.Escaped || s.Reason == sqltext.Ambiguous || strings.Contains(text, `\`) {
		return // the scanner knows one setting of quotes alone
	}
	scan, err := pgquery.Scan(text)
	if err != nil {
		return
	}
	var b strings.Builder
	for i, tok := range scan.Tokens {
		if i == 0 || tok.Token == pgtree.Token_FCONST || comment(scan.Tokens[i-1]) || scan.Tokens[i-1].End < tok.Start || !strings.ContainsRune(marks, rune(text[tok.Start])) {
			b.WriteByte(' ')
		}
		switch written := text[tok.Start:tok.End]; tok.Token {
		case pgtree.Token_SQL_COMMENT, pgtree.Token_C_COMMENT:
		case pgtree.Token_NCHAR:
			if len(written) > 1 { // else it is the N of N'x'
				b.WriteString(written)
			}
		case pgtree.Token_SCONST, pgtree.Token_USCONST, pgtree.Token_BCONST, pgtree.Token_XCONST:
			b.WriteString("'a literal'")
		case pgtree.Token_FCONST, pgtree.Token_ICONST:
			b.WriteString("7")
		case pgtree.Token_PARAM:
			b.WriteString("$7")
		default:
			b.WriteString(written)
		}
	}
	want, got := oneLiteral(sqltext.Fingerprint(sqltext.PostgreSQL, b.String())), oneLiteral(sqltext.Fingerprint(sqltext.PostgreSQL, text))
	if want != got {
		t.Errorf("%q is split into %s, by the server's scanner into %s", text, got, want)
	}
}

// postgresNames are names for the grammar: PostgreSQL's keywords that are not
// reserved, functions on the lists and not, operators' words of other dialects.
var postgresNames = strings.Fields(`a b t u f max count lower now nextval set_config pg_advisory_lock concat generate_series random
	abort absolute access action add admin after aggregate all also alter always analyse analyze and any array as asc
	asensitive assertion assignment asymmetric at atomic attach attribute authorization backward before begin between
	bigint binary bit boolean both breadth by cache call called cascade cascaded case cast catalog chain char character
	characteristics check checkpoint class close cluster coalesce collate collation column columns comment comments
	commit committed compression concurrently configuration conflict connection constraint constraints content continue
	conversion copy cost create cross csv cube current current_catalog current_date current_role current_schema
	current_time current_timestamp current_user cursor cycle data database day deallocate dec decimal declare default
	defaults deferrable deferred definer delete delimiter delimiters depends depth desc detach dictionary disable
	discard distinct do document domain double drop each else enable encoding encrypted end enum escape event except
	exclude excluding exclusive execute exists explain expression extension external extract false family fetch filter
	finalize first float following for force foreign forward freeze from full function functions generated global grant
	granted greatest group grouping groups handler having header hold hour identity if ilike immediate immutable
	implicit import in include including increment index indexes inherit inherits initially inline inner inout input
	insensitive insert instead int integer intersect interval into invoker is isnull isolation join key label language
	large last lateral leading leakproof least left level like limit listen load local localtime localtimestamp location
	lock locked logged mapping match matched materialized maxvalue merge method minute minvalue mode month move name
	names national natural nchar new next nfc nfd nfkc nfkd no none normalize normalized not nothing notify notnull
	nowait null nullif nulls numeric object of off offset oids old on only operator option options or order ordinality
	others out outer over overlaps overlay overriding owned owner parallel parameter parser partial partition passing
	password placing plans policy position preceding precision prepare prepared preserve primary prior privileges
	procedural procedure procedures program publication quote range read real reassign recheck recursive ref references
	referencing refresh reindex relative release rename repeatable replace replica reset restart restrict return
	returning returns revoke right role rollback rollup routine routines row rows rule savepoint schema schemas scroll
	search second security select sequence sequences serializable server session session_user set setof sets share show
	similar simple skip smallint snapshot some sql stable standalone start statement statistics stdin stdout storage
	stored strict strip subscription substring support symmetric sysid system table tables tablesample tablespace temp
	template temporary text then ties time timestamp to trailing transaction transform treat trigger trim true truncate
	trusted type types uescape unbounded uncommitted unencrypted union unique unknown unlisten unlogged until update
	user using vacuum valid validate validator value values varchar variadic varying verbose version view views volatile
	when where whitespace window with within without work wrapper write xml xmlattributes xmlconcat xmlelement xmlexists
	xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable year yes zone`)

func TestGrammarOfPostgresIsMostlyValid(t *testing.T) {
	if valid := validOf(*texts, func(program []byte) bool { return comparePostgres(t, statement(program, postgresNames, false)) }); valid < *texts/10 {
		t.Errorf("%d of %d texts are valid", valid, *texts)
	}
}

func FuzzPostgresGrammar(f *testing.F) {
	programs(f)
	f.Fuzz(func(t *testing.T, program []byte) {
		comparePostgres(t, statement(program, postgresNames, false))
	})
}
