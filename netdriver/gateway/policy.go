// This file is what a statement passes before it runs.

package gateway

import "github.com/fluxor-db/fluxor"

// enter readies the session for a statement: its user may run it, it has a place
// among those that run, and the database refuses what the user may not do.
// lease.settle ends what it began.
func (s *session) enter(c *call, text string) error {
	s.doing.about(c, text)
	if s.lease.over {
		return errOver
	}
	if err := s.mayRun(text); err != nil {
		return err
	}
	if len(s.lease.wishes) > 0 {
		c.ctx = fluxor.NoCache(c.ctx) // what is kept was answered to sessions as they are without
	}
	if s.caches {
		c.ctx, c.cache = fluxor.CacheInfo(c.ctx)
	}
	err := s.admitWork(c)
	if err == nil {
		c.recalls, err = s.lease.recall(c.ctx, text)
	}
	if err == nil {
		err = s.lease.fence(c.ctx)
	}
	if err != nil {
		s.lease.conclude(err)
	}
	return err
}

// admitWork is admit for what may only run where it is recorded: also whoever waited
// for so long that the audit log cannot be written any more is refused.
func (s *session) admitWork(c *call) error {
	err := s.server.audit.ready()
	if err == nil {
		err = s.admit(c)
	}
	if err == nil {
		err = s.server.audit.ready()
	}
	return err
}

// cached is a Database that may keep answers, as a *fluxor.Connector does.
type cached interface{ CacheStats() fluxor.CacheStats }

// keeps reports whether a database's answers may be kept ones.
func keeps(db Database) bool {
	c, ok := db.(cached)
	return ok && c.CacheStats().Mode != "off"
}
