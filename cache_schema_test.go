// This file tests what the query cache knows of the schema.

package fluxor_test

import "testing"

// learned waits until the schema is known.
func (k *shelf) learned() {
	k.t.Helper()
	waitUntil(k.t, "the schema is known", func() bool {
		k.wantCount("select count(*) from items where id = 0", 0)
		return k.c.CacheStats().Schema == "known"
	})
}

func TestWithTheSchemaAWriteEndsTheAnswersOfItsTableAlone(t *testing.T) {
	onCaches(t, nil, func(k *shelf) {
		k.exec(k.bare, "create view cheap as select id, name from items where price < 15")
		k.exec(k.db, "create table other (id int primary key)") // has the schema asked for again
		k.learned()
		k.wantCount("select count(*) from cheap", 1)
		k.want("one", "")
		hits := k.c.CacheStats().Hits
		k.exec(k.db, "insert into other values (1)")
		k.wantCount("select count(*) from cheap", 1)
		k.want("one", "hit")
		if n := k.c.CacheStats().Hits - hits; n != 2 {
			t.Errorf("%d of 2 answers were found after a write into another table: %+v", n, k.c.CacheStats())
		}
		k.exec(k.db, "update items set price = 5")
		k.wantCount("select count(*) from cheap", 3)
		k.exec(k.db, "create table late (id int)")
		k.exec(k.db, "insert into late values (1)")
		k.wantCount("select count(*) from late", 1)
		k.exec(k.db, "delete from late")
		k.wantCount("select count(*) from late", 0)
	})
}
