// This file reads the document that the handler serves.

package top

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fluxor-db/fluxor/admin"
)

// errForeign is what answers with JSON and is no admin handler.
var errForeign = errors.New("it answers with JSON, but not with the admin handler's document")

// decode reads one document.
func decode(raw []byte) (admin.Document, error) {
	var d admin.Document
	if !json.Valid(raw) {
		return d, errNotJSON
	}
	if err := json.Unmarshal(raw, &d); err != nil || d.SchemaVersion < 1 {
		return admin.Document{}, errForeign
	}
	if d.SchemaVersion > admin.SchemaVersion {
		return admin.Document{}, fmt.Errorf("its document has version %d, and this fluxor reads version %d: install the program's version of it", d.SchemaVersion, admin.SchemaVersion)
	}
	return d, nil
}

var errNotJSON = errors.New("it does not answer with JSON")

// oneLine is JSON without line ends, which a document has none of in its
// strings either.
func oneLine(raw []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw // decode has refused it
	}
	return b.Bytes()
}
