// This file runs what ent's generated clients call: migration, nodes and edges, builders, transactions, session variables.

package neighbours

import (
	"context"
	stdsql "database/sql"
	"errors"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"entgo.io/ent/schema/field"
)

// entDialects are ent's names of the databases.
var entDialects = map[string]string{kindPostgres: dialect.Postgres, kindMySQL: dialect.MySQL, kindSQLite: dialect.SQLite}

func TestEntDoesNotNoticeFluxor(t *testing.T) {
	tool[*entsql.Driver]{name: "ent", open: openEnt, scenarios: entScenarios}.run(t)
}

// openEnt opens by the name where ent knows the database by it, else with the
// dialect beside the *sql.DB.
func openEnt(t *testing.T, w way) *entsql.Driver {
	t.Helper()
	if w.driver != "postgres-fluxor" && w.driver != "mysql-fluxor" {
		return entsql.OpenDB(entDialects[w.kind], w.open(t))
	}
	drv, err := entsql.Open(w.driver, w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = drv.Close() })
	if drv.Dialect() != entDialects[w.kind] {
		t.Errorf("ent takes %s for %s", w.driver, drv.Dialect())
	}
	return drv
}

// entTables are what ent generates for owners and their pets.
func entTables() []*schema.Table {
	owner := []*schema.Column{
		{Name: "id", Type: field.TypeInt, Increment: true},
		{Name: "name", Type: field.TypeString, Unique: true, Size: 50},
	}
	pet := []*schema.Column{
		{Name: "id", Type: field.TypeInt, Increment: true},
		{Name: "name", Type: field.TypeString},
		{Name: "age", Type: field.TypeInt, Default: 0},
		{Name: "tags", Type: field.TypeJSON, Nullable: true},
		{Name: "owner_pets", Type: field.TypeInt, Nullable: true},
	}
	owners := &schema.Table{Name: "owners", Columns: owner, PrimaryKey: owner[:1]}
	pets := &schema.Table{
		Name: "pets", Columns: pet, PrimaryKey: pet[:1],
		ForeignKeys: []*schema.ForeignKey{{
			Symbol: "pets_owners_pets", Columns: pet[4:], RefColumns: owner[:1], RefTable: owners, OnDelete: schema.Restrict,
		}},
		Indexes: []*schema.Index{{Name: "pet_age", Columns: pet[2:3]}},
	}
	return []*schema.Table{owners, pets}
}

var entID = sqlgraph.NewFieldSpec("id", field.TypeInt)

// newOwner and newPet are what Create does in a generated client.
func newOwner(name string) *sqlgraph.CreateSpec {
	spec := sqlgraph.NewCreateSpec("owners", sqlgraph.NewFieldSpec("id", field.TypeInt))
	spec.Fields = []*sqlgraph.FieldSpec{{Column: "name", Type: field.TypeString, Value: name}}
	return spec
}

func newPet(name string, age int, owner stdsql.NullInt64) *sqlgraph.CreateSpec {
	spec := sqlgraph.NewCreateSpec("pets", sqlgraph.NewFieldSpec("id", field.TypeInt))
	spec.Fields = []*sqlgraph.FieldSpec{
		{Column: "name", Type: field.TypeString, Value: name},
		{Column: "age", Type: field.TypeInt, Value: age},
		{Column: "tags", Type: field.TypeJSON, Value: []byte(`["small"]`)},
		{Column: "owner_pets", Type: field.TypeInt, Value: owner},
	}
	return spec
}

func ownedBy(id int64) stdsql.NullInt64 { return stdsql.NullInt64{Int64: id, Valid: true} }

// petRow is a pet as a generated client scans it.
type petRow struct {
	ID    int
	Name  string
	Age   int
	Owner stdsql.NullInt64
}

// pets reads the pets that a predicate leaves.
func pets(n *notes, drv dialect.Driver, predicate func(*entsql.Selector)) []petRow {
	n.Helper()
	var found []petRow
	spec := sqlgraph.NewQuerySpec("pets", []string{"id", "name", "age", "owner_pets"}, entID)
	spec.Predicate = predicate
	spec.Order = func(s *entsql.Selector) { s.OrderBy(s.C("id")) }
	spec.ScanValues = func([]string) ([]any, error) {
		found = append(found, petRow{})
		p := &found[len(found)-1]
		return []any{&p.ID, &p.Name, &p.Age, &p.Owner}, nil
	}
	spec.Assign = func([]string, []any) error { return nil }
	n.ok("query nodes", sqlgraph.QueryNodes(n.Context(), drv, spec))
	return found
}

var entScenarios = []scenario[*entsql.Driver]{
	{"migrate twice", func(n *notes, drv *entsql.Driver) {
		for _, what := range []string{"first", "second"} {
			m, err := schema.NewMigrate(drv, schema.WithDropIndex(true), schema.WithDropColumn(true))
			n.ok(what, err)
			n.ok(what, m.Create(n.Context(), entTables()...))
		}
		n.see("pets", len(pets(n, drv, nil)))
	}},
	{"create", func(n *notes, drv *entsql.Driver) {
		owner := newOwner("Ada")
		n.ok("node", sqlgraph.CreateNode(n.Context(), drv, owner))
		n.see("id", owner.ID.Value)
		batch := &sqlgraph.BatchCreateSpec{Nodes: []*sqlgraph.CreateSpec{
			newPet("Rex", 3, ownedBy(1)), newPet("Tom", 5, ownedBy(1)), newPet("Stray", 1, stdsql.NullInt64{}),
		}}
		n.ok("batch", sqlgraph.BatchCreate(n.Context(), drv, batch))
		for _, node := range batch.Nodes {
			n.see("id", node.ID.Value)
		}
		n.want("owned", len(pets(n, drv, func(s *entsql.Selector) { s.Where(entsql.EQ(s.C("owner_pets"), 1)) })), 2)
		n.see("pets", pets(n, drv, nil))
	}},
	{"edges", func(n *notes, drv *entsql.Driver) {
		step := sqlgraph.NewStep(
			sqlgraph.From("owners", "id", 1), sqlgraph.To("pets", "id"), sqlgraph.Edge(sqlgraph.O2M, false, "pets", "owner_pets"))
		n.want("neighbours", entStrings(n, drv, sqlgraph.Neighbors(drv.Dialect(), step).Select("name").OrderBy("name")), []string{"Rex", "Tom"})
		t := entsql.Dialect(drv.Dialect())
		owners, pets := t.Table("owners").As("o"), t.Table("pets").As("p")
		join := t.Select(owners.C("name")).From(pets).Join(owners).On(pets.C("owner_pets"), owners.C("id")).Where(entsql.GT(pets.C("age"), 4))
		n.want("join", entStrings(n, drv, join), []string{"Ada"})
	}},
	{"update and delete", func(n *notes, drv *entsql.Driver) {
		spec := sqlgraph.NewUpdateSpec("pets", nil, entID)
		spec.Predicate = func(s *entsql.Selector) { s.Where(entsql.GTE(s.C("age"), 3)) }
		spec.Fields.Add = []*sqlgraph.FieldSpec{{Column: "age", Type: field.TypeInt, Value: 10}}
		updated, err := sqlgraph.UpdateNodes(n.Context(), drv, spec)
		n.ok("update", err)
		n.want("updated", updated, 2)
		n.see("pets", pets(n, drv, nil))
		deleted, err := sqlgraph.DeleteNodes(n.Context(), drv, &sqlgraph.DeleteSpec{
			Node:      &sqlgraph.NodeSpec{Table: "pets", ID: entID},
			Predicate: func(s *entsql.Selector) { s.Where(entsql.EQ("name", "Stray")) },
		})
		n.ok("delete", err)
		n.want("deleted", deleted, 1)
	}},
	{"constraints", func(n *notes, drv *entsql.Driver) {
		err := sqlgraph.CreateNode(n.Context(), drv, newOwner("Ada"))
		n.fails("duplicate", err)
		n.want("unique", sqlgraph.IsUniqueConstraintError(err), true)
		err = sqlgraph.CreateNode(n.Context(), drv, newPet("Ghost", 1, ownedBy(4711)))
		n.fails("no owner", err)
		n.want("foreign key", sqlgraph.IsForeignKeyConstraintError(err), true)
		upsert := newOwner("Ada")
		upsert.OnConflict = []entsql.ConflictOption{entsql.ConflictColumns("name"), entsql.ResolveWithNewValues()}
		n.ok("upsert", sqlgraph.CreateNode(n.Context(), drv, upsert))
	}},
	{"transactions", func(n *notes, drv *entsql.Driver) {
		tx, err := drv.Tx(n.Context())
		n.ok("begin", err)
		n.ok("create", sqlgraph.CreateNode(n.Context(), within{tx, drv}, newOwner("Bob")))
		n.ok("rollback", tx.Rollback())
		tx, err = drv.BeginTx(n.Context(), &stdsql.TxOptions{Isolation: stdsql.LevelSerializable})
		n.ok("begin", err)
		n.ok("create", sqlgraph.CreateNode(n.Context(), within{tx, drv}, newOwner("Cyd")))
		n.ok("commit", tx.Commit())
		n.fails("over", tx.Commit(), stdsql.ErrTxDone)
		t := entsql.Dialect(drv.Dialect())
		n.want("owners", entStrings(n, drv, t.Select("name").From(t.Table("owners")).OrderBy("name")), []string{"Ada", "Cyd"})
	}},
	{"contexts", func(n *notes, drv *entsql.Driver) {
		over, cancel := context.WithCancel(n.Context())
		cancel()
		n.ends("over", drv.Query(over, "select 1", []any{}, &entsql.Rows{}), context.Canceled)
		n.ok("after", drv.Exec(n.Context(), "delete from pets where 1 = 0", []any{}, nil))
	}},
	{"session variables", func(n *notes, drv *entsql.Driver) {
		set, show := map[string]string{kindPostgres: "application_name", kindMySQL: "@ent"}[n.way.kind],
			map[string]string{kindPostgres: "show application_name", kindMySQL: "select @ent", kindSQLite: "select 'set'"}[n.way.kind]
		ctx := n.Context()
		if set != "" {
			ctx = entsql.WithVar(ctx, set, "set")
		}
		rows := &entsql.Rows{}
		n.ok("query", drv.Query(ctx, show, []any{}, rows))
		value, err := entsql.ScanString(rows)
		n.ok("scan", errors.Join(err, rows.Close()))
		n.want("value", value, "set")
	}},
}

// within is a transaction in the driver's place, as generated code hands it on.
type within struct {
	dialect.ExecQuerier
	dialect.Driver
}

func (d within) Tx(context.Context) (dialect.Tx, error) { return dialect.NopTx(d), nil }

func (d within) Exec(ctx context.Context, query string, args, v any) error {
	return d.ExecQuerier.Exec(ctx, query, args, v)
}

func (d within) Query(ctx context.Context, query string, args, v any) error {
	return d.ExecQuerier.Query(ctx, query, args, v)
}

// entStrings reads one column.
func entStrings(n *notes, drv dialect.Driver, s *entsql.Selector) []string {
	n.Helper()
	query, args := s.Query()
	rows := &entsql.Rows{}
	n.ok("query", drv.Query(n.Context(), query, args, rows))
	var found []string
	n.ok("scan", errors.Join(entsql.ScanSlice(rows, &found), rows.Close()))
	return found
}
