// This file lets those through who know a password.

package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
)

// Password returns a function for [Options.Authorize] that lets those through who
// send the user and the password as HTTP's basic authentication does, which
// browsers ask for. An empty password lets nobody through. Without TLS both cross
// the network in the clear. Guesses are neither counted nor slowed down: let the password
// be long and random. The function may be called from any goroutine.
func Password(user, password string) func(http.ResponseWriter, *http.Request) bool {
	want := sha256.Sum256([]byte(user + "\x00" + password))
	return func(w http.ResponseWriter, r *http.Request) bool {
		name, secret, _ := r.BasicAuth()
		got := sha256.Sum256([]byte(name + "\x00" + secret)) // of one length, whatever was sent
		if subtle.ConstantTimeCompare(got[:], want[:]) == 1 && password != "" {
			return true
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="fluxor", charset="UTF-8"`)
		answer(w, http.StatusUnauthorized, refusal{"want the user and the password"})
		return false
	}
}
