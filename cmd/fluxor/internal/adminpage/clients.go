// This file tells a page of a gateway's clients.

package adminpage

import (
	"cmp"

	"github.com/fluxor-db/fluxor/admin"
	"github.com/fluxor-db/fluxor/netdriver/gateway"
)

// Clients are the sessions of a gateway at the moment, for the page.
func Clients(server *gateway.Server) []admin.Client {
	var list []admin.Client
	for _, c := range server.Clients() {
		state := c.State
		if c.Leaving {
			state += ", leaving"
		}
		list = append(list, admin.Client{
			ID: c.Session, Name: cmp.Or(c.Application, c.Program), User: c.User, Address: c.Address, Database: c.Database,
			State: state, Pin: c.Pin, Statement: c.Statement, Since: c.Connected,
			Requests: c.Requests, Failed: c.Failed, BytesIn: c.BytesIn, BytesOut: c.BytesOut,
		})
	}
	return list
}
