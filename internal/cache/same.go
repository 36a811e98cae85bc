// This file compares answers.

package cache

import (
	"bytes"
	"database/sql/driver"
	"fmt"
	"math"
	"slices"
	"time"
)

// Same reports whether two answers have the same columns and rows, in whatever
// order: a statement without ORDER BY may have its rows in another one each time.
func (a *Answer) Same(other *Answer) bool {
	if !slices.Equal(a.names, other.names) || a.rows != other.rows {
		return false
	}
	if slices.EqualFunc(a.values, other.values, sameValue) {
		return true
	}
	return slices.Equal(a.sorted(), other.sorted())
}

// sorted are the rows as texts, in order.
func (a *Answer) sorted() []string {
	rows := make([]string, a.rows)
	for i := range rows {
		n := len(a.columns)
		rows[i] = fmt.Sprintf("%#v", a.values[i*n:(i+1)*n])
	}
	slices.Sort(rows)
	return rows
}

func sameValue(v, w driver.Value) bool {
	switch v := v.(type) {
	case []byte:
		w, is := w.([]byte)
		return is && (v == nil) == (w == nil) && bytes.Equal(v, w)
	case time.Time:
		w, is := w.(time.Time)
		return is && v.Equal(w)
	case float64:
		w, is := w.(float64)
		return is && (v == w || math.IsNaN(v) && math.IsNaN(w))
	}
	return v == w
}
