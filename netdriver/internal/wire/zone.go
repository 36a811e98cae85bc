// This file finds the zones of times: both ends show the same instant, offset and, as far as it can be told, zone.

package wire

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxZones    = 64   // zones of each sort that a decoder remembers and loads
	maxMade     = 4096 // fixed zones that one body may need
	maxZoneName = 64
)

// zoneForm says how a time's zone goes over the wire.
type zoneForm byte

const (
	zoneUTC     zoneForm = 0 // time.UTC
	zoneFixed   zoneForm = 1 // an offset that always holds, perhaps with a name
	zoneLocated zoneForm = 2 // a place's zone by its IANA name, or "Local"
)

// local is the name under which time.Local goes over the wire: the other side's
// own zone, where that has the same offset at that time.
const local = "Local"

// zone is the zone of a time at that time.
type zone struct {
	form   zoneForm
	name   string // of the place
	abbr   string // such as CEST; the name of a fixed zone
	offset int    // seconds east of UTC
}

// zoneOf is the zone of t. A place with a name that is not IANA's goes as a fixed
// zone.
func zoneOf(t time.Time) zone {
	loc := t.Location()
	if loc == time.UTC {
		return zone{form: zoneUTC, name: "UTC", abbr: "UTC"}
	}
	z := zone{form: zoneLocated, name: loc.String()}
	z.abbr, z.offset = t.Zone()
	if !utf8.ValidString(z.abbr) {
		z.abbr = strings.ToValidUTF8(z.abbr, "\uFFFD")
	}
	if loc == time.Local {
		z.name = local
	} else if z.name == "" || !zoneName(z.name) || z.name == z.abbr && unchanging(t) {
		z.form, z.name = zoneFixed, ""
	}
	return z
}

// unchanging says whether the zone of t has always had the same offset.
func unchanging(t time.Time) bool {
	start, end := t.ZoneBounds()
	return start.IsZero() && end.IsZero()
}

// zoneName says whether a name can be one of IANA's.
func zoneName[T string | []byte](name T) bool {
	if len(name) == 0 || len(name) > maxZoneName {
		return false
	}
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		inner := '0' <= c && c <= '9' || c == '_' || c == '/' || c == '+' || c == '-'
		if !letter && (i == 0 || !inner) {
			return false
		}
	}
	return true
}

// zones remembers the zones that a decoder has met. It is bounded: a peer that
// names ever more has its later ones go as fixed zones.
type zones struct {
	fixed   []fixedZone
	located []locatedZone
}

type fixedZone struct {
	name   string
	offset int
	loc    *time.Location
}

type locatedZone struct {
	name string
	loc  *time.Location // nil where there is none of the name here
}

// timeAt is the time at an instant in the zone that form, offset, name and abbr
// say.
func (in *input) timeAt(sec int64, nsec int, form zoneForm, offset int, name, abbr []byte) time.Time {
	if in.zones == nil {
		in.zones = new(zones)
	}
	t := time.Unix(sec, int64(nsec))
	switch form {
	case zoneUTC:
		return t.UTC()
	case zoneLocated:
		if loc := in.zones.locate(name); loc != nil {
			t = t.In(loc)
			if _, actual := t.Zone(); actual == offset {
				return t
			}
		}
	}
	loc, made := in.zones.fix(abbr, offset)
	if made {
		in.zoned++
	}
	if in.zoned > maxMade {
		in.refuse(in.i, "too many zones")
	}
	return t.In(loc)
}

// locate finds a place's zone on this machine; nil if there is none.
func (zs *zones) locate(name []byte) *time.Location {
	if string(name) == local {
		return time.Local
	}
	for _, z := range zs.located {
		if z.name == string(name) {
			return z.loc
		}
	}
	if len(zs.located) == maxZones || !zoneName(name) {
		return nil
	}
	loc, err := time.LoadLocation(string(name))
	if err != nil {
		loc = nil
	}
	zs.located = append(zs.located, locatedZone{string(name), loc})
	return loc
}

// fix is the fixed zone of a name and an offset; made says that it is new.
func (zs *zones) fix(name []byte, offset int) (loc *time.Location, made bool) {
	for _, z := range zs.fixed {
		if z.offset == offset && z.name == string(name) {
			return z.loc, false
		}
	}
	loc = time.FixedZone(string(name), offset)
	if len(zs.fixed) < maxZones {
		zs.fixed = append(zs.fixed, fixedZone{string(name), offset, loc})
	}
	return loc, true
}

// validOffset says whether an offset is one that a time may have on the wire.
func validOffset(offset int64) bool { return offset >= math.MinInt32 && offset <= math.MaxInt32 }
