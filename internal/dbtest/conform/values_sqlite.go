// This file lists SQLite's declared types with values of every storage class.

package conform

var sqliteTypes = []columnType{
	{"integer", []string{"0", "9223372036854775807", "-9223372036854775808", "'text'", "1.5", "x'00ff'"}},
	{"int", []string{"1", "'12'", "1e3"}},
	{"bigint", []string{"4611686018427387904"}},
	{"real", []string{"1.5", "1", "9e999", "'text'", "1e-300"}},
	{"double", []string{"-0.0", "3.14"}},
	{"text", []string{"''", "'plain'", "'ünïcödé 漢字 🙂'", "1", "x'74657874'", "'refused'", "'2024-01-02'"}},
	{"varchar(10)", []string{"'abc'", "'longer than ten'"}},
	{"blob", []string{"x''", "x'00ff10'", "'text'", "1", "zeroblob(2000)"}},
	{"numeric", []string{"1", "1.5", "'1.0'", "'abc'"}},
	{"decimal(10,5)", []string{"3.14159", "10"}},
	{"boolean", []string{"0", "1", "'true'", "2"}},
	{"date", []string{"'2024-02-29'", "'not a date'", "2460370"}},
	{"datetime", []string{"'2024-02-29 12:34:56'", "'2024-02-29T12:34:56.789Z'", "'2024-02-29 12:34:56+02:00'", "1709210096"}},
	{"timestamp", []string{"'2024-02-29 12:34:56.123456789-07:00'", "1709210096000", "'x'"}},
	{"time", []string{"'12:34:56'"}},
	{"json", []string{`'{"a":[1,null]}'`}},
	{"", []string{"1", "'untyped'", "x'01'"}},
}
