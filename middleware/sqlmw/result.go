// This file is the result of an Exec under an interceptor.

package sqlmw

import (
	"database/sql/driver"

	"github.com/ngrok/sqlmw"

	"github.com/fluxor-db/fluxor/middleware"
)

var _ driver.Result = (*result)(nil)

// result asks the interceptor.
type result struct {
	intr   sqlmw.Interceptor
	parent driver.Result
}

// answer makes what the interceptor returned the call's answer.
func (r *result) answer(c *middleware.Call, res driver.Result, err error) error {
	c.Result = nil
	if err != nil || res == nil {
		return err
	}
	r.parent = res
	c.Result = r
	return nil
}

// LastInsertId asks the interceptor.
func (r *result) LastInsertId() (int64, error) { return r.intr.ResultLastInsertId(r.parent) }

// RowsAffected asks the interceptor.
func (r *result) RowsAffected() (int64, error) { return r.intr.ResultRowsAffected(r.parent) }
