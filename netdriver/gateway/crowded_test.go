// This file tests what a client hears for whom no memory is left.

package gateway_test

import (
	"bufio"
	"log/slog"
	"strings"
	"testing"

	"github.com/fluxor-db/fluxor/netdriver/gateway"
	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

func TestALoginForWhichNoMemoryIsLeftIsOverloadedAndLogged(t *testing.T) {
	t.Parallel()
	log := &heard{}
	serveWith := func(memory int64) *served {
		return sqlite(t, func(c *gateway.Config) {
			c.Limits.Memory, c.Logger = memory, slog.New(slog.NewTextHandler(log, nil))
		})
	}
	none, little := serveWith(1), serveWith(5000)
	for name, one := range map[string]struct {
		s     *served
		hello wire.Hello
	}{
		"none":   {none, wire.Hello{User: "app", DB: "erp", Token: token}},
		"little": {little, wire.Hello{User: "app", DB: "erp", Token: token, Client: strings.Repeat("x", 6000)}},
	} {
		c := dial(t, one.s.address)
		c.greet(&one.hello)
		m := c.next()
		var f wire.Error
		c.decode(m, &f)
		if m.Type != wire.TypeError || f.Kind != wire.ErrorOverloaded || !f.Retryable || f.Applied != wire.AppliedNo {
			t.Errorf("%s: got %s %s", name, m.Type, m.Body)
		}
		c.ended()
	}
	c := dial(t, none.address)
	c.write([]byte(`{"type":"hello","user":"app","db":"erp","token":"` + token + `"}` + "\n"))
	if line, err := bufio.NewReader(c.conn).ReadString('\n'); err != nil || !strings.HasPrefix(line, `{"type":"error","id":0,`) || !strings.Contains(line, `"kind":"overloaded"`) {
		t.Errorf("in line mode: got %q, %v", line, err)
	}
	if n := strings.Count(log.String(), "the gateway's memory for buffers is used up"); n != 3 {
		t.Errorf("the log has it %d times:\n%s", n, log)
	}
}
