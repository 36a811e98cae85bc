// This file measures how long a catalog of 200 tables takes to load, and its fingerprint to make.

package catalog

import (
	"fmt"
	"testing"
)

func BenchmarkCatalog(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *world{"postgres": postgresWorld, "mariadb": mariadbWorld, "sqlite": sqliteWorld} {
		b.Run(name, func(b *testing.B) {
			w := open(b)
			for i := range 200 {
				w.does(fmt.Sprintf("create table t%d (id int primary key, a int, b int, c int, d int, e int, f int, g int, h int, i int)", i))
				if i%4 == 0 {
					w.does(fmt.Sprintf("create view v%d as select id, a from t%d", i, i))
				}
			}
			b.Run("load", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					w.load()
				}
			})
			b.Run("fingerprint", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					w.print()
				}
			})
		})
	}
}
