//go:build cgo

// This file moves LOBs: as values, as readers, as locators, as OUT binds.

package conform

import (
	"bytes"
	"database/sql"
	"io"
	"strings"

	"github.com/godror/godror"
)

func (r *Recorder) lobs() {
	r.table("conform_lobs", "id int primary key, c clob, b blob")
}

// lobText and lobBytes are longer than a chunk.
var (
	lobText  = strings.Repeat("ünïcödé 漢字 ", 10000)
	lobBytes = bytes.Repeat([]byte{0, 1, 0xfe, 0xff}, 25000)
)

// lob takes down what a reader of a LOB gives.
func (r *Recorder) lob(label string, v any) {
	l, ok := v.(*godror.Lob)
	if !ok {
		r.note(label, "%T", v)
		return
	}
	size, err := l.Size()
	r.note(label, "clob %t size %d %s", l.IsClob, size, r.shown(err))
	all, err := io.ReadAll(l)
	r.note(label, "%s %s", brief(string(all)), r.shown(err))
}

var godrorLobCases = []Case{
	{Name: "LOBs as values", See: func(r *Recorder) {
		r.lobs()
		r.everyWay(func(w way) {
			w.exec("insert", "insert into conform_lobs values (1, :1, :2)", lobText, lobBytes)
			w.exec("empty", "insert into conform_lobs values (2, :1, :2)", "", []byte{})
			w.exec("null", "insert into conform_lobs values (3, :1, :2)", nil, nil)
			w.query("all", "select c, b from conform_lobs order by id")
			w.exec("delete", "delete from conform_lobs")
		})
	}},
	{Name: "LOBs from readers", See: func(r *Recorder) {
		r.lobs()
		r.everyWay(func(w way) {
			w.exec("insert", "insert into conform_lobs values (1, :1, :2)",
				godror.Lob{IsClob: true, Reader: strings.NewReader(lobText)}, godror.Lob{Reader: bytes.NewReader(lobBytes)})
			w.exec("pointers", "insert into conform_lobs values (2, :1, :2)",
				&godror.Lob{IsClob: true, Reader: strings.NewReader("short")}, &godror.Lob{Reader: bytes.NewReader([]byte{1})})
			w.exec("no reader", "insert into conform_lobs values (3, :1, :2)", godror.Lob{IsClob: true}, nil)
			w.exec("a failing reader", "insert into conform_lobs values (4, :1, :2)", godror.Lob{IsClob: true, Reader: failingReader{}}, nil)
			w.query("all", "select c, b from conform_lobs order by id")
			w.exec("delete", "delete from conform_lobs")
		})
	}},
	{Name: "LOBs as readers", See: func(r *Recorder) {
		r.lobs()
		r.exec(r.db, "insert into conform_lobs values (1, :1, :2)", lobText, lobBytes)
		r.exec(r.db, "insert into conform_lobs values (2, :1, :2)", "short", []byte{1, 2})
		r.exec(r.db, "insert into conform_lobs values (3, null, null)")
		r.everyWay(func(w way) {
			rows, err := w.ask("select c, b from conform_lobs order by id", godror.LobAsReader())
			r.err(w.name, err)
			if err != nil {
				return
			}
			r.columns(w.name, rows)
			for rows.Next() {
				var c, b any
				r.err("scan", rows.Scan(&c, &b))
				r.lob(w.name+" c", c)
				r.lob(w.name+" b", b)
			}
			r.err("end", rows.Err())
			r.err("close", rows.Close())
		})
	}},
	{Name: "LOBs as OUT binds", See: func(r *Recorder) {
		r.lobs()
		r.exec(r.db, "insert into conform_lobs values (1, :1, :2)", lobText, lobBytes)
		r.cursors(func(w way) {
			c, b := godror.Lob{IsClob: true}, godror.Lob{}
			w.holding("begin select c, b into :1, :2 from conform_lobs where id = 1; end;", []any{sql.Out{Dest: &c}, sql.Out{Dest: &b}}, func() {
				r.lob(w.name+" c", &c)
				r.lob(w.name+" b", &b)
			})
		})
	}},
	{Name: "LOBs changed in place", See: func(r *Recorder) {
		r.lobs()
		r.exec(r.db, "insert into conform_lobs values (1, :1, :2)", "0123456789", []byte("0123456789"))
		tx := r.begin(r.db, nil)
		rows, err := tx.QueryContext(r.ctx, "select c from conform_lobs where id = 1 for update", godror.LobAsReader())
		r.err("query", err)
		if err != nil {
			return
		}
		for rows.Next() {
			var v any
			r.err("scan", rows.Scan(&v))
			l, err := v.(*godror.Lob).Hijack()
			r.err("hijack", err)
			if err != nil {
				continue
			}
			n, err := l.WriteAt([]byte("abc"), 1)
			r.note("written", "%d %s", n, r.shown(err))
			size, err := l.Size()
			r.note("size", "%d %s", size, r.shown(err))
			r.err("close", l.Close())
		}
		r.err("close", rows.Close())
		r.err("commit", tx.Commit())
		r.first(r.db, "select c from conform_lobs where id = 1")
	}},
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errValuer }
