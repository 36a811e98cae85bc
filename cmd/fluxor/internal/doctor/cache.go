// This file looks whether the query cache can work where the DSN turns it on.

package doctor

import (
	"context"
	"log/slog"

	"github.com/fluxor-db/fluxor"
)

// keepable is a statement whose answer may be kept wherever one may.
func (x *exam) keepable() string {
	if x.understood.Type == "oracle" {
		return "/* fluxor:cache */ select 1 from dual"
	}
	return "/* fluxor:cache */ select 1"
}

// queryCache asks for the schema as the cache does, over the prober's connection,
// and whether anything may be kept at all.
func (x *exam) queryCache(ctx context.Context) error {
	c, err := fluxor.NewConnector(fluxor.RuntimeConfig{DSN: x.DSN, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // the report is complete
	text := x.keepable()
	if c.ExplainCache(text).Schema != "off" {
		if err := c.LearnSchema(ctx); err != nil {
			x.find("FX-2101", "%s", brief(err))
			return ctx.Err()
		}
	}
	v := c.ExplainCache(text)
	x.check("cache.mode", "%s", x.understood.Config.Cache)
	x.check("cache.schema", "%s", v.Schema)
	if !v.Kept {
		x.find("FX-2102", "%s: %s", v.Why, v.Reason)
	}
	return nil
}
