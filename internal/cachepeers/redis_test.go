// This file is the way over Redis: rows of a key as JSON, asked for with go-redis.

package cachepeers

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/fluxor-db/fluxor/internal/dbtest"
)

// person is a row as JSON.
type person struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	City string `json:"city"`
}

// stocked starts a Redis that keeps the rows of each key as JSON.
func stocked(b *testing.B, q question) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: dbtest.StartRedis(b)})
	b.Cleanup(func() { _ = client.Close() })
	all := dbtest.MemoryRows(people).Rows
	for key := 1; key <= q.keys; key++ {
		var found []person
		for _, row := range all[(key-1)*q.rows : key*q.rows] {
			found = append(found, person{row[0].(int64), row[1].(string), row[2].(string)})
		}
		value, err := json.Marshal(found)
		if err == nil {
			err = client.Set(b.Context(), name(key), value, 0).Err()
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	return client
}

// name is a key of Redis.
func name(key int) string { return "person:" + strconv.Itoa(key) }

// get asks Redis and decodes what it keeps.
func get(client *redis.Client) func(context.Context, int) (tally, error) {
	return func(ctx context.Context, key int) (t tally, err error) {
		value, err := client.Get(ctx, name(key)).Bytes()
		if err != nil {
			return t, err
		}
		var found []person
		if err := json.Unmarshal(value, &found); err != nil {
			return t, err
		}
		for _, p := range found {
			t.add(p.ID, p.Name, p.City)
		}
		return t, nil
	}
}
