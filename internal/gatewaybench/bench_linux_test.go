// This file is the benchmark: what the same work costs directly, through PgBouncer and through the gateway.

package gatewaybench

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/internal/dbtest"
	_ "github.com/fluxor-db/fluxor/netdriver"
)

// What a measurement is made of.
const (
	table  = 100_000 // rows
	fetch  = 1_000   // rows of one fetch
	length = 500 * time.Millisecond
	think  = 500 * time.Millisecond // of idle clients, on average
)

const schema = `create table items as select i::bigint as id, 'item number ' || i || ' of the catalogue' as name,
	(i %% 10000)::numeric(12,2) as price, i::float8 / 7 as ratio, timestamptz '2024-01-01 UTC' + i * interval '1 second' as created,
	decode(lpad(to_hex(i), 16, '0'), 'hex') as payload, case when i %% 3 > 0 then 'note ' || md5(i::text) end as note, i %% 2 = 0 as active
	from generate_series(1, %d) i`

// way is one way to the database.
type way struct {
	name, driver, dsn string
	pid               int // of what stands between; 0 is nothing

	slices []*Slice
	cpu    []time.Duration // of the process between, per operation
	memory []int64
}

// ways starts everything there is to compare.
func ways(t testing.TB) []*way {
	t.Helper()
	server := dbtest.StartPostgres(t, dbtest.Options{MaxConnections: 400})
	target := server.NewDatabase(t)
	db := server.Open(t, target)
	for _, text := range []string{fmt.Sprintf(schema, table), "alter table items add primary key (id)", "analyze items"} {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	pooler := dbtest.StartPgBouncer(t, target, dbtest.PoolTransaction, "max_client_conn=2000", fmt.Sprintf("default_pool_size=%d", backendConns))
	addr, pid := startGateway(t, target.URL())
	remote := func(codec string) string {
		u := url.URL{Scheme: "tcp", User: url.UserPassword(user, token), Host: addr, Path: "/bench", RawQuery: "auth=token&codec=" + codec}
		return u.String()
	}
	return []*way{
		{name: "pgbouncer", driver: "pgx", dsn: pooler.URL("default_query_exec_mode=exec"), pid: pooler.Pid()},
		{name: "gateway", driver: "fluxor+tcp", dsn: remote("binary"), pid: pid},
		{name: "json", driver: "fluxor+tcp", dsn: remote("json"), pid: pid},
		{name: "direct", driver: "pgx", dsn: target.URL()},
	}
}

// cell is one kind of work by so many clients.
type cell struct {
	name    string
	clients int
	pause   time.Duration
	work    func(ctx context.Context, conn *sql.Conn, random *rand.Rand) error
	ways    []string // those that can serve so many; nil is all
}

var cells = []cell{
	{name: "point", clients: 1, work: point},
	{name: "point", clients: 16, work: point},
	{name: "point", clients: 128, work: point},
	{name: "fetch", clients: 1, work: fetchMany},
	{name: "fetch", clients: 16, work: fetchMany},
	{name: "tx", clients: 16, work: transact},
	{name: "idle", clients: 500, pause: think, work: point, ways: []string{"pgbouncer", "gateway", "json"}},
	{name: "idle", clients: 5000, pause: 40 * think, work: point, ways: []string{"gateway"}},
}

func point(ctx context.Context, conn *sql.Conn, random *rand.Rand) error {
	asked := random.Int64N(table) + 1
	var id int64
	var name, price string
	var active bool
	err := conn.QueryRowContext(ctx, "select id, name, price, active from items where id = $1", asked).Scan(&id, &name, &price, &active)
	if err == nil && id != asked {
		return fmt.Errorf("asked for row %d, got %d", asked, id)
	}
	return err
}

func fetchMany(ctx context.Context, conn *sql.Conn, random *rand.Rand) error {
	from := random.Int64N(table-fetch) + 1
	rows, err := conn.QueryContext(ctx, "select id, name, price, ratio, created, payload, note, active from items where id >= $1 and id < $2", from, from+fetch)
	if err != nil {
		return err
	}
	defer rows.Close()
	got := 0
	for rows.Next() {
		var id int64
		var name, price string
		var ratio float64
		var created time.Time
		var payload []byte
		var note sql.NullString
		var active bool
		if err := rows.Scan(&id, &name, &price, &ratio, &created, &payload, &note, &active); err != nil {
			return err
		}
		got++
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if got != fetch {
		return fmt.Errorf("%d rows instead of %d", got, fetch)
	}
	return nil
}

func transact(ctx context.Context, conn *sql.Conn, random *rand.Rand) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	id := random.Int64N(table) + 1
	var ratio float64
	if err := tx.QueryRowContext(ctx, "select ratio from items where id = $1", id).Scan(&ratio); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "update items set ratio = $1 where id = $2", ratio+1, id); err != nil {
		return err
	}
	return tx.Commit()
}

// clients opens a connection for each, all at once alive.
func (w *way) clients(t testing.TB, c cell) []func(context.Context, *rand.Rand) error {
	t.Helper()
	db, err := sql.Open(w.driver, w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	calls := make([]func(context.Context, *rand.Rand) error, c.clients)
	for i := range calls {
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", w.name, err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		calls[i] = func(ctx context.Context, random *rand.Rand) error { return c.work(ctx, conn, random) }
	}
	return calls
}

// slice lets a way's clients work once more and keeps what it took.
func (w *way) slice(t testing.TB, c cell, calls []func(context.Context, *rand.Rand) error) {
	t.Helper()
	before := w.usage(t)
	s := Play(t.Context(), calls, length, c.pause)
	if s.Err != nil {
		t.Fatalf("%s: %v", w.name, s.Err)
	}
	after := w.usage(t)
	w.slices = append(w.slices, s)
	w.cpu = append(w.cpu, (after.CPU-before.CPU)/time.Duration(max(len(s.Took), 1)))
	w.memory = append(w.memory, after.Memory)
}

func (w *way) usage(t testing.TB) Usage {
	t.Helper()
	if w.pid == 0 {
		return Usage{}
	}
	u, err := UsageOf(w.pid)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// median is the middle of what the slices say.
func median[T any, N cmp.Ordered](of []T, value func(T) N) N {
	values := make([]N, len(of))
	for i, v := range of {
		values[i] = value(v)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// report tells the figures of a way, and their ratio to PgBouncer's.
func (w *way) report(b *testing.B, bouncer *way) {
	p50 := func(w *way) float64 {
		return float64(median(w.slices, func(s *Slice) time.Duration { return s.Quantile(0.5) }))
	}
	rate := func(w *way) float64 { return median(w.slices, (*Slice).Rate) }
	b.ReportMetric(p50(w)/1e3, w.name+"-p50-µs")
	b.ReportMetric(rate(w), w.name+"-ops/s")
	b.ReportMetric(float64(median(w.slices, func(s *Slice) time.Duration { return s.Quantile(0.99) }))/1e3, w.name+"-p99-µs")
	if w != bouncer && len(bouncer.slices) > 0 {
		b.ReportMetric(p50(w)/p50(bouncer), w.name+"/pgbouncer-p50")
		b.ReportMetric(rate(w)/rate(bouncer), w.name+"/pgbouncer-ops")
	}
	if w.pid != 0 {
		b.ReportMetric(float64(median(w.cpu, func(d time.Duration) time.Duration { return d }))/1e3, w.name+"-cpu-µs/op")
		b.ReportMetric(float64(median(w.memory, func(m int64) int64 { return m }))/(1<<20), w.name+"-MiB")
	}
}

// BenchmarkGateway holds the gateway against PgBouncer in transaction mode, the
// same work by the same number of clients. One "iteration" is a slice of each.
func BenchmarkGateway(b *testing.B) {
	all := ways(b)
	for _, c := range cells {
		b.Run(fmt.Sprintf("%s/clients=%d", c.name, c.clients), func(b *testing.B) {
			var played []*way
			calls := map[*way][]func(context.Context, *rand.Rand) error{}
			for _, w := range all {
				w.slices, w.cpu, w.memory = nil, nil, nil
				if c.ways != nil && !slices.Contains(c.ways, w.name) {
					continue
				}
				calls[w] = w.clients(b, c)
				Play(b.Context(), calls[w], length/2, c.pause) // connections are open and warm before the first slice
				played = append(played, w)
			}
			for b.Loop() {
				for _, w := range played {
					w.slice(b, c, calls[w])
				}
			}
			for _, w := range played {
				w.report(b, all[0])
			}
		})
	}
}
