// This file knows until when versions of the servers are supported, and which ones Fluxor is tested with.

package doctor

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// product is a server's product line.
type product struct {
	name string
	// ends says when support of a release series ends or ended.
	ends map[string]string
	// before names the first series of which nothing unlisted is out of
	// support: series that are not in ends and older than it are.
	before series
	tested series
}

// series is a release series: PostgreSQL's 15, MariaDB's 10.11.
type series struct{ major, minor int }

func (s series) less(t series) bool {
	return s.major < t.major || s.major == t.major && s.minor < t.minor
}

func (s series) String() string { return fmt.Sprintf("%d.%d", s.major, s.minor) }

// The dates are those that the makers publish: postgresql.org, "Versioning
// Policy"; mariadb.org, "Maintenance Policy"; mysql.com, "Lifetime Support".
var (
	postgreSQL = product{
		name: "PostgreSQL", before: series{19, 0}, tested: series{15, 0},
		ends: map[string]string{
			"14.0": "2026-11-12", "15.0": "2027-11-11", "16.0": "2028-11-09", "17.0": "2029-11-08", "18.0": "2030-11-14",
		},
	}
	mariaDB = product{
		name: "MariaDB", before: series{11, 8}, tested: series{10, 11},
		ends: map[string]string{"10.6": "2026-07-06", "10.11": "2028-02-16", "11.4": "2029-05-29", "11.8": "2028-06-04"},
	}
	mySQL = product{
		name: "MySQL", before: series{8, 4}, tested: series{8, 0},
		ends: map[string]string{"8.0": "2026-04-30", "8.4": "2032-04-30"},
	}
)

var numbers = regexp.MustCompile(`(\d+)(?:\.(\d+))?`)

// seriesOf reads the first number of a version's text.
func seriesOf(text string) (s series, ok bool) {
	m := numbers.FindStringSubmatch(text)
	if m == nil {
		return series{}, false
	}
	s.major, _ = strconv.Atoi(m[1]) // digits; 0 for a number beyond all versions
	s.minor, _ = strconv.Atoi(m[2])
	return s, true
}

// ended returns since when a series is out of support; "" if it is supported or
// newer than what is known here.
func (p product) ended(s series, now time.Time) (since string) {
	end, listed := p.ends[s.String()]
	switch day, _ := time.Parse(time.DateOnly, end); { // the dates are ours
	case !listed && s.less(p.before):
		return "before " + p.oldest()
	case listed && now.After(day.AddDate(0, 0, 1)):
		return end
	}
	return ""
}

// oldest is the first day in the table.
func (p product) oldest() string {
	first := ""
	for _, end := range p.ends {
		if first == "" || end < first {
			first = end
		}
	}
	return first
}

// version notes the server's version and judges its age.
func (x *exam) version(p product, s series, text string) {
	x.check("server.version", "%s %s", p.name, text)
	if since := p.ended(s, x.Now); since != "" {
		x.find("FX-1101", "%s %s, out of support since %s", p.name, text, since)
	}
	if s.less(p.tested) {
		x.find("FX-1102", "%s %s; tests run with %s and newer", p.name, text, p.tested)
	}
}
