//go:build unix && cgo

// This file brings the backend of Oracle to the conformance suite and to the other tests.

package fluxor_test

import _ "github.com/fluxor-db/fluxor/drivers/oracle"
