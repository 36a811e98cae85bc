// This file lists Oracle's words, from the SQL language reference; no server was asked.

package sqltext

var oracleWords = []listed{
	{reserved, `all and any as asc between by check column connect create default delete desc distinct drop else exclusive
		exists for from group having in index insert intersect into is level like lock minus mode not null of on option or order
		prior row rowid rownum select set share size start table then to union unique update values where with`},
	{paren, `any by intersect minus prior table`},
	{soft, `except keep partition subpartition using when`},
	{leads, `connect_by_root like2 like4 likec nocycle prior scn timestamp`},
	{bare | clock, `sysdate systimestamp current_date current_timestamp localtimestamp`},
	{bare | session, `user uid sessiontimezone dbtimezone ora_invoking_user ora_invoking_userid currval`},
	{bare | draws, `nextval`},
	{pure, `abs acos add_months ascii asciistr asin atan atan2 avg bin_to_num bitand cardinality cast ceil char chartorowid
		chr coalesce collect compose concat convert corr cos cosh count covar_pop covar_samp cume_dist decode decompose
		dense_rank dump empty_blob empty_clob exp extract extractvalue first_value floor from_tz greatest grouping
		grouping_id hextoraw initcap instr instrb instrc json_array json_arrayagg json_exists json_object json_objectagg
		json_query json_value lag last_day last_value lead least length lengthb lengthc listagg ln lnnvl log lower lpad
		ltrim max median min mod months_between nanvl nchr new_time next_day nls_initcap nls_lower nls_upper nlssort
		nth_value ntile nullif number numtodsinterval numtoyminterval nvl nvl2 ora_hash percent_rank percentile_cont
		percentile_disc power rank ratio_to_report rawtohex rawtonhex regexp_count regexp_instr regexp_like
		regexp_replace regexp_substr remainder replace reverse round row_number rowidtochar rpad rtrim sign sin sinh
		soundex sqrt standard_hash stddev stddev_pop stddev_samp substr substrb substrc sum sys_connect_by_path
		sys_extract_utc tan tanh to_binary_double to_binary_float to_char to_clob to_dsinterval to_multi_byte to_nchar
		to_nclob to_number to_single_byte to_yminterval translate treat trim trunc unistr upper var_pop var_samp
		varchar2 variance vsize width_bucket xmlagg xmlelement xmlforest`},
	// Where a format leaves out the year or the month, the present one is taken.
	{clock, `current_timestamp localtimestamp systimestamp sys_guid to_date to_timestamp to_timestamp_tz tz_offset`},
	{session, `sys_context userenv`},
}
