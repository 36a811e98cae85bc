// This file writes and reads times as text, and as numbers where text has no room for them.

package wire

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// The years 0 to 9999 in seconds of a wall clock since 1970: those that RFC 3339
// has digits for.
const (
	firstWall = -62167219200
	lastWall  = 253402300799
)

// appendTimeCell appends t as RFC 3339 with a place's name behind it, or as
// numbers where its year, its offset or the name of a fixed zone do not go into
// that.
func appendTimeCell(dst []byte, k Kind, t time.Time) []byte {
	z := zoneOf(t)
	if !z.textual(t.Unix()) {
		return appendTimeArray(dst, t, z)
	}
	dst = append(openTag(dst, k, KindTime), '"')
	dst = t.AppendFormat(dst, time.RFC3339Nano)
	if z.form == zoneUTC {
		return closeTag(append(dst, '"'), k, KindTime)
	}
	if z.offset == 0 { // Z says UTC
		dst = append(dst[:len(dst)-1], "+00:00"...)
	}
	if z.form == zoneLocated {
		dst = append(append(append(dst, '['), z.name...), ']')
	}
	return closeTag(append(dst, '"'), k, KindTime)
}

// textual says whether the instant can be shown as text in the zone.
func (z zone) textual(sec int64) bool {
	if sec < firstWall-math.MaxInt32 || sec > lastWall+math.MaxInt32 {
		return false
	}
	wall := sec + int64(z.offset)
	return wall >= firstWall && wall <= lastWall &&
		z.offset%60 == 0 && -24*3600 < z.offset && z.offset < 24*3600 &&
		(z.form != zoneFixed || z.abbr == "")
}

// appendTimeArray appends seconds, nanoseconds, offset, abbreviation and name.
func appendTimeArray(dst []byte, t time.Time, z zone) []byte {
	dst = strconv.AppendInt(append(dst, `{"t":[`...), t.Unix(), 10)
	dst = strconv.AppendInt(append(dst, ','), int64(t.Nanosecond()), 10)
	dst = strconv.AppendInt(append(dst, ','), int64(z.offset), 10)
	dst = appendString(append(dst, ','), z.abbr)
	if z.form != zoneFixed {
		dst = appendString(append(dst, ','), z.name)
	}
	return append(dst, ']', '}')
}

// timeArray reads what appendTimeArray writes; abbreviation and name may be left
// out.
func (in *input) timeArray() any {
	var n [3]int64
	var abbr, name []byte
	form, at, count := zoneFixed, in.i, 0
	for more := in.firstElement(); more; more = in.nextElement() {
		switch {
		case count < len(n):
			n[count] = in.integer()
		case count == 3:
			abbr = bytes.Clone(in.quoted())
		case count == 4:
			name, form = in.quoted(), zoneLocated
		default:
			in.refuse(at, "a time of more than five elements")
		}
		count++
	}
	if count < len(n) || n[1] < 0 || n[1] >= 1e9 || !validOffset(n[2]) {
		in.refuse(at, "a time of wrong elements")
	}
	if in.fail != nil {
		return nil
	}
	return in.timeAt(n[0], int(n[1]), form, int(n[2]), name, abbr)
}

// parseTime reads RFC 3339 with a place's name behind it.
func (in *input) parseTime(b []byte) (t time.Time, ok bool) {
	const layout = "0000-00-00T00:00:00"
	if len(b) < len(layout)+1 {
		return t, false
	}
	for i := range len(layout) {
		if layout[i] == '0' && b[i]-'0' > 9 || layout[i] != '0' && b[i] != layout[i] {
			return t, false
		}
	}
	year, month, day := two(b)*100+two(b[2:]), two(b[5:]), two(b[8:])
	hour, minute, second := two(b[11:]), two(b[14:]), two(b[17:])
	nsec, rest, fraction := parseFraction(b[len(layout):])
	form, offset, name, zoned := parseZone(rest)
	if !fraction || !zoned || hour > 23 || minute > 59 || second > 59 || day < 1 || day > daysIn(year, month) {
		return t, false
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, nsec, time.UTC)
	if form == zoneUTC {
		return t, true
	}
	return in.timeAt(t.Unix()-int64(offset), nsec, form, offset, name, nil), true
}

// two is the number that two digits spell.
func two(b []byte) int { return int(b[0]-'0')*10 + int(b[1]-'0') }

// daysIn is how many days a month has; 0 if there is no such month.
func daysIn(year, month int) int {
	switch {
	case month < 1 || month > 12:
		return 0
	case month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	}
	return [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
}

// parseFraction reads a fraction of up to nine digits, which may be missing.
func parseFraction(b []byte) (nsec int, rest []byte, ok bool) {
	if b[0] != '.' {
		return 0, b, true
	}
	i, unit := 1, 100_000_000
	for ; i < len(b) && b[i]-'0' <= 9 && unit > 0; i++ {
		nsec += int(b[i]-'0') * unit
		unit /= 10
	}
	return nsec, b[i:], i > 1
}

// parseZone reads Z or an offset, and a place's name in brackets.
func parseZone(b []byte) (form zoneForm, offset int, name []byte, ok bool) {
	switch {
	case string(b) == "Z":
		return zoneUTC, 0, nil, true
	case len(b) > 0 && b[0] == 'Z':
		b = b[1:]
	case len(b) < 6 || b[0] != '+' && b[0] != '-' || b[3] != ':' ||
		b[1]-'0' > 9 || b[2]-'0' > 9 || b[4]-'0' > 9 || b[5]-'0' > 9 || two(b[1:]) > 23 || two(b[4:]) > 59:
		return 0, 0, nil, false
	default:
		offset = two(b[1:])*3600 + two(b[4:])*60
		if b[0] == '-' {
			offset = -offset
		}
		b = b[6:]
	}
	if len(b) == 0 {
		return zoneFixed, offset, nil, true
	}
	if len(b) < 2 || b[0] != '[' || b[len(b)-1] != ']' || !zoneName(b[1:len(b)-1]) {
		return 0, 0, nil, false
	}
	return zoneLocated, offset, b[1 : len(b)-1], true
}
