// This file shares one connector among the connections that a wrapper without DriverContext opens one by one.

package fluxor

import (
	"database/sql/driver"
	"sync"
)

// opened are the connectors of one driver that were made by Open. sqlhooks and
// others hide DriverContext, so database/sql opens each connection by DSN; all
// of them must share one pool. A connector is closed with its last connection.
type opened struct {
	mu    sync.Mutex // protects the map and its counts; a connector is closed outside it
	byDSN map[string]*sharedConnector
}

type sharedConnector struct {
	from *opened
	dsn  string
	c    *Connector
	n    int // open connections
}

// open returns a connection of the connector for dsn, which makeOne makes
// where there is none.
func (o *opened) open(dsn string, makeOne func(string) (*Connector, error)) (driver.Conn, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	sh := o.byDSN[dsn]
	if sh == nil {
		c, err := makeOne(dsn)
		if err != nil {
			return nil, err
		}
		sh = &sharedConnector{from: o, dsn: dsn, c: c}
		if o.byDSN == nil {
			o.byDSN = make(map[string]*sharedConnector)
		}
		o.byDSN[dsn] = sh
	}
	sh.n++
	v := newConn(sh.c.main)
	v.onClose = sh.leave
	return v.dressed(), nil
}

// leave counts one connection less.
func (sh *sharedConnector) leave() error {
	sh.from.mu.Lock()
	sh.n--
	last := sh.n == 0
	if last {
		delete(sh.from.byDSN, sh.dsn)
	}
	sh.from.mu.Unlock()
	if !last {
		return nil
	}
	return sh.c.Close()
}
