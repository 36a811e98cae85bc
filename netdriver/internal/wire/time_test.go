// This file checks what the table of values cannot hold of times: zones that one side does not know, texts of others.

package wire_test

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fluxor-db/fluxor/netdriver/internal/wire"
)

// timeOf reads a time as an argument.
func timeOf(t testing.TB, tagged string) (time.Time, error) {
	t.Helper()
	var s wire.Statement
	if err := s.Decode([]byte(`{"sid":1,"args":[{"t":`+tagged+`}]}`), wire.JSON); err != nil {
		return time.Time{}, err
	}
	return s.Args[0].Value.(time.Time), nil
}

func TestATimeLosesItsMonotonicReadingAlone(t *testing.T) {
	now := time.Now()
	for _, c := range codecs {
		args, _ := statement(t, c, driver.NamedValue{Value: now})
		back := args[0].Value.(time.Time)
		if !sameTime(now, back) || strings.Contains(back.String(), " m=") {
			t.Errorf("%s: %v came back as %v", c, now, back)
		}
	}
}

func TestALocalTimeIsLocalWhereTheOffsetIsTheSame(t *testing.T) {
	_, offset := noon.Local().Zone()
	here := time.FixedZone("", offset)
	elsewhere := time.FixedZone("", offset+900)
	same, err := timeOf(t, `"`+noon.In(here).Format("2006-01-02T15:04:05-07:00")+`[Local]"`)
	if err != nil || same.Location() != time.Local || !same.Equal(noon) {
		t.Errorf("got %v in %v, %v", same, same.Location(), err)
	}
	other, err := timeOf(t, `"`+noon.In(elsewhere).Format("2006-01-02T15:04:05-07:00")+`[Local]"`)
	if _, off := other.Zone(); err != nil || !other.Equal(noon) || off != offset+900 {
		t.Errorf("got %v, %v", other, err)
	}
}

func TestATimeKeepsItsInstantAndOffsetWhereItsPlaceIsUnknownOrDisagrees(t *testing.T) {
	for text, abbreviation := range map[string]string{
		`"2024-03-01T13:00:00+01:00[Middle-earth/Bree]"`:             "",
		`"2024-03-01T14:00:00+02:00[Europe/Berlin]"`:                 "",
		`[1709294400,0,3600,"SHIRE","Middle-earth/Bree"]`:            "SHIRE",
		`[1709294400,0,3600,"CEST","Europe/London"]`:                 "CEST",
		`[1709294400,0,7200]`:                                        "",
		`"2024-03-01T12:00:00Z[Etc/UTC]"`:                            "UTC",
		`"2024-03-01T12:00:00-00:00"`:                                "",
		`[1709294400,0,-3600,"","../../etc/passwd"]`:                 "",
		`[1709294400,0,-3600,"","` + strings.Repeat("a/", 99) + `"]`: "",
	} {
		got, err := timeOf(t, text)
		name, _ := got.Zone()
		if err != nil || !got.Equal(noon) || name != abbreviation {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
}

func TestTheNameOfAZoneThatIsNotUTF8IsMended(t *testing.T) {
	for _, c := range codecs {
		args, _ := statement(t, c, driver.NamedValue{Value: noon.In(time.FixedZone("a\xffb", 60))})
		if name, offset := args[0].Value.(time.Time).Zone(); name != "a\uFFFDb" || offset != 60 {
			t.Errorf("%s: got %q, %d", c, name, offset)
		}
	}
}

func TestTextsThatAreNoTimesAreRefused(t *testing.T) {
	for _, text := range []string{
		`""`, `"2024"`, `"2024-03-01"`, `"2024-03-01T12:00:00"`, `"2024-03-01 12:00:00Z"`, `"2024-03-01t12:00:00z"`,
		`"2024-3-01T12:00:00Z"`, `"24-03-01T12:00:00Z"`, `"+2024-03-01T12:00:00Z"`, `"12024-03-01T12:00:00Z"`,
		`"2024-00-01T12:00:00Z"`, `"2024-13-01T12:00:00Z"`, `"2024-03-00T12:00:00Z"`, `"2024-03-32T12:00:00Z"`,
		`"2023-02-29T12:00:00Z"`, `"1900-02-29T12:00:00Z"`, `"2024-04-31T12:00:00Z"`,
		`"2024-03-01T24:00:00Z"`, `"2024-03-01T12:60:00Z"`, `"2024-03-01T12:00:60Z"`,
		`"2024-03-01T12:00:00.Z"`, `"2024-03-01T12:00:00,5Z"`, `"2024-03-01T12:00:00.1234567890Z"`, `"2024-03-01T12:00:00.5"`,
		`"2024-03-01T12:00:00+1:00"`, `"2024-03-01T12:00:00+0100"`, `"2024-03-01T12:00:00+24:00"`, `"2024-03-01T12:00:00+01:60"`,
		`"2024-03-01T12:00:00+01:00[]"`, `"2024-03-01T12:00:00+01:00[Europe/Berlin"`, `"2024-03-01T12:00:00+01:00Europe/Berlin]"`,
		`"2024-03-01T12:00:00+01:00[../x]"`, `"2024-03-01T12:00:00+01:00[/etc/x]"`, `"2024-03-01T12:00:00+01:00[a][b]"`, `"2024-03-01T12:00:00Z "`,
		`[1,2]`, `[1,1000000000,0]`, `[1,-1,0]`, `[1,0,2147483648]`, `[1,0,0,1]`, `[1,0,0,"a","b","c"]`, `[1.0,0,0]`, `[]`, `5`, `null`,
	} {
		if got, err := timeOf(t, text); err == nil {
			t.Errorf("%s was read as %v", text, got)
		}
	}
	for _, text := range []string{`"2024-02-29T23:59:59Z"`, `"2000-02-29T00:00:00.000000001-23:59"`} {
		if _, err := timeOf(t, text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestAPeerThatNamesEverMorePlacesCannotHaveThemLoaded(t *testing.T) {
	var s wire.Statement
	for i := range 100 {
		body := fmt.Sprintf(`{"sid":1,"args":[{"t":[0,0,%d,"","Nowhere/N%d"]}]}`, i, i)
		if err := s.Decode([]byte(body), wire.JSON); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Decode([]byte(`{"sid":1,"args":[{"t":[1709294400,0,3600,"CET","Europe/Berlin"]}]}`), wire.JSON); err != nil {
		t.Fatal(err)
	}
	got := s.Args[0].Value.(time.Time)
	name, offset := got.Zone()
	if got.Location().String() != "CET" || name != "CET" || offset != 3600 || !got.Equal(noon) {
		t.Errorf("got %v in %v", got, got.Location())
	}
}

func TestABodyOfEverOtherZonesIsRefused(t *testing.T) {
	for _, n := range []int{4096, 4097} {
		var args []driver.NamedValue
		for i := range n {
			args = append(args, driver.NamedValue{Value: noon.In(time.FixedZone("", i+1))})
		}
		for _, c := range codecs {
			m := wire.Statement{SID: 1, Args: args}
			if err := new(wire.Statement).Decode(m.Append(nil, c), c); (err == nil) != (n == 4096) {
				t.Errorf("%d zones in %s: %v", n, c, err)
			}
		}
	}
}

func TestAPlaceWithANameOfItsOwnGoesAsAFixedZone(t *testing.T) {
	zone, err := time.LoadLocationFromTZData("my zone]", tzdata(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range codecs {
		args, body := statement(t, c, driver.NamedValue{Value: noon.In(zone)})
		back := args[0].Value.(time.Time)
		name, offset := back.Zone()
		if !back.Equal(noon) || name != "CET" || offset != 3600 {
			t.Errorf("%s: %q came back as %v", c, body, back)
		}
	}
}
