// This file tests the users as the gateway looks them up.

package gateway

import (
	"testing"
	"time"
)

func TestAnEmptyTokenIsNobodysWhateverIsKept(t *testing.T) {
	t.Parallel()
	d := newDirectory([]User{{Name: "open", Role: RoleAdmin, Tokens: []Token{HashToken("")}}})
	if d.token("open", "", time.Now()) != nil || d.bearer("", time.Now()) != nil {
		t.Error("an empty token is somebody's")
	}
}
