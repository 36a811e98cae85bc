// This file is who is served through the connectors, as a gateway tells it.

package admin

import "time"

// MaxClients is how many clients a document holds at most; clients.json has all.
const MaxClients = 200

// Client is somebody who is served through a connector. What is not known is
// left at its zero value.
type Client struct {
	// ID tells the client from the others, Name is the program's own.
	ID   string `json:"id"`
	Name string `json:"name"`
	// User is who logged in, Address where from, Database what for.
	User     string `json:"user"`
	Address  string `json:"address"`
	Database string `json:"database"`
	// State says in a word what it does; of a gateway's clients "idle", "active", "in
	// transaction", "pinned", and ", leaving" behind it where the client was asked to go.
	State string `json:"state"`
	// Pin says why it keeps a connection of the database's between statements; ""
	// where it does not.
	Pin string `json:"pin"`
	// Statement is the last one, without literals and arguments.
	Statement string `json:"statement"`
	// Since is when it came; it is shown in UTC.
	Since time.Time `json:"since"`
	// Requests are those it has made, Failed those of them that failed.
	Requests int64 `json:"requests"`
	Failed   int64 `json:"failed"`
	// BytesIn came from it and BytesOut went to it.
	BytesIn  int64 `json:"bytes_in"`
	BytesOut int64 `json:"bytes_out"`
}

// allClients are those of the moment, texts cut.
func (h *Handler) allClients() []Client {
	if h.options.Clients == nil {
		return []Client{}
	}
	return each(h.options.Clients(), func(c Client) Client {
		c.Name, c.User, c.Address, c.Database = shorten(c.Name), shorten(c.User), shorten(c.Address), shorten(c.Database)
		c.State, c.Pin, c.Statement, c.Since = shorten(c.State), shorten(c.Pin), shorten(c.Statement), c.Since.UTC()
		return c
	})
}

// clients are the first ones, and how many there are.
func (h *Handler) clients() (first []Client, total int) {
	all := h.allClients()
	return all[:min(len(all), MaxClients)], len(all)
}
