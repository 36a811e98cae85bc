// This file holds the README's example of a gateway.

package fluxor_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"net"

	"github.com/fluxor-db/fluxor"
	_ "github.com/fluxor-db/fluxor/drivers/sqlite"
	_ "github.com/fluxor-db/fluxor/netdriver" // the driver "fluxor+tcp"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

func Example_gateway() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	const token = "a-long-and-random-token"

	// One process holds the driver and the password of the database.
	erp, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: ":memory:", MaxOpenConns: 20})
	if err != nil {
		log.Fatal(err)
	}
	defer erp.Close()
	server, err := gateway.New(gateway.Config{
		Databases: map[string]gateway.Database{"erp": erp},
		Users:     []gateway.User{{Name: "orders", Tokens: []gateway.Token{gateway.HashToken(token)}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	go server.Serve(listener)
	defer server.Close()

	// Its clients hold a token: pure Go, no database driver, no cgo.
	db, err := sql.Open("fluxor+tcp", "tcp://orders:"+token+"@"+listener.Addr().String()+"/erp")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	var answer int
	if err := db.QueryRowContext(context.Background(), "select ? + 1", 41).Scan(&answer); err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer)
	// Output: 42
}
