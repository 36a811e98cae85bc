// This file tells systemd how far the process is.

package gate

import (
	"log/slog"
	"net"
)

// notifier is the socket that systemd names in NOTIFY_SOCKET; "" is none.
type notifier string

// say sends a state. A failure is logged: systemd would wait for what it never
// hears.
func (n notifier) say(log *slog.Logger, state string) {
	if n == "" {
		return
	}
	conn, err := net.Dial("unixgram", string(n))
	if err == nil {
		_, err = conn.Write([]byte(state))
		_ = conn.Close()
	}
	if err != nil {
		log.Warn("fluxor: systemd was not told", slog.String("state", state), slog.Any("error", err))
	}
}
