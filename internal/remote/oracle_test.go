//go:build unix && cgo

// This file brings the backend of Oracle.

package remote_test

import _ "github.com/fluxor-db/fluxor/drivers/oracle"
