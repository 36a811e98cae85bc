// This file lists Oracle's column types with values at their limits.

package conform

import "strings"

var oracleTypes = []columnType{
	{"number", []string{"0", "42", "-1.5", "123456789012345", "1e20", "0.000001"}},
	{"number(1)", []string{"0", "1", "-9"}},
	{"number(9)", []string{"999999999", "-999999999"}},
	{"number(18)", []string{"999999999999999999", "-999999999999999999"}},
	{"number(19)", []string{"9223372036854775807", "1"}},
	{"number(38)", []string{"0", "9223372036854775807"}},
	{"number(10,2)", []string{"12345678.90", "-0.01", "5"}},
	{"integer", []string{"2147483647", "-2147483648"}},
	{"float", []string{"1.5", "-0.25"}},
	{"binary_float", []string{"1.5", "-2"}},
	{"binary_double", []string{"1.5", "1e300", "-1e-300"}},
	{"varchar2(200)", []string{"''", "'plain'", "'ünïcödé 漢字'", "'1'", "'2024-01-02'", "'refused'", "'it''s'"}},
	{"varchar2(20 char)", []string{"'grün'", "'12'"}},
	{"nvarchar2(50)", []string{"'ünïcödé'"}},
	{"char(5)", []string{"'abcde'", "'12345'"}},
	{"nchar(3)", []string{"'xyz'"}},
	{"raw(100)", []string{"'00ff10'", "'ab'"}},
	{"date", []string{"date '2024-02-29'", "date '9999-12-31'", "to_date('2024-02-29 12:34:56', 'YYYY-MM-DD HH24:MI:SS')"}},
	{"timestamp", []string{"timestamp '2024-02-29 12:34:56.789012'", "timestamp '1970-01-01 00:00:00'"}},
	{"timestamp(3)", []string{"timestamp '2024-07-01 12:00:00.123'"}},
	{"timestamp(9)", []string{"timestamp '2024-07-01 12:00:00.123456789'"}},
	{"timestamp with time zone", []string{"timestamp '2024-07-01 12:00:00.5'"}},
	{"timestamp with local time zone", []string{"timestamp '2024-07-01 12:00:00.5'"}},
	{"clob", []string{"'short'", "'ünïcödé 漢字'", "'" + strings.Repeat("x", 3000) + "'"}},
	{"nclob", []string{"'short'"}},
	{"blob", []string{"'00ff'", "'" + strings.Repeat("ab", 1000) + "'"}},
	{"long", []string{"'text'"}},
}
