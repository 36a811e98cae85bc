// This file lists the words of MySQL and MariaDB: only what both have built in, since a function of the user's own may bear the name where one has not.

package sqltext

var mysqlWords = []listed{
	{reserved, `all and as asc between both by case column create cross current_date current_time current_timestamp
		delete desc distinct div else except exists false for force from group having if in inner insert intersect into is
		join left like limit not null on or order outer primary regexp right rlike select set straight_join table then to
		true union unique update using values when where with xor`},
	{paren, `by div force ignore index key mod partition regexp rlike straight_join use xor binary any some row when using`},
	{paren, `match`},
	{soft, `mod against except intersect`},
	{bare | clock, `current_date current_time current_timestamp localtime localtimestamp utc_date utc_time utc_timestamp`},
	{bare | clock, `sysdate`},
	{bare | session, `current_user current_role`},
	{bare | draws, `nextval currval`},
	{tight, `adddate bit_and bit_or bit_xor cast count cume_dist curdate curtime date_add date_sub dense_rank extract
		first_value group_concat json_arrayagg json_objectagg lag last_value lead max mid min now nth_value ntile
		percent_rank position rank row_number session_user std stddev stddev_pop stddev_samp subdate substr substring sum
		sysdate system_user trim variance var_pop var_samp`},
	{pure, `abs acos adddate addtime aes_decrypt aes_encrypt ascii asin atan atan2 avg bin bit_and bit_count bit_length
		bit_or bit_xor cast ceil ceiling char char_length character_length charset coalesce coercibility collation
		compress concat concat_ws conv convert convert_tz cos cot count crc32 cume_dist date date_add date_format
		date_sub datediff datetime day dayname dayofmonth dayofweek dayofyear decimal degrees dense_rank elt exp
		export_set extract field find_in_set first_value floor format from_base64 from_days from_unixtime
		get_format greatest group_concat hex hour if ifnull inet6_aton inet6_ntoa inet_aton inet_ntoa instr interval
		is_ipv4 is_ipv6 isnull json_array json_array_append json_array_insert json_arrayagg json_contains
		json_contains_path json_depth json_extract json_insert json_keys json_length json_merge json_merge_patch
		json_merge_preserve json_object json_objectagg json_overlaps json_pretty json_quote json_remove json_replace
		json_search json_set json_type json_unquote json_valid json_value lag last_day last_value lcase lead least left
		length ln locate log log10 log2 lower lpad ltrim make_set makedate maketime max md5 microsecond mid min minute
		mod month monthname nth_value ntile nullif oct octet_length ord percent_rank period_add period_diff pi position
		pow power quarter quote radians rank regexp_instr regexp_replace regexp_substr repeat replace reverse right
		round row_number rpad rtrim sec_to_time second sha sha1 sha2 sign sin soundex space sqrt st_area st_asbinary
		st_asgeojson st_astext st_aswkb st_aswkt st_buffer st_contains st_distance st_distance_sphere st_equals
		st_geomfromgeojson st_geomfromtext st_geomfromwkb st_intersects st_length st_within st_x st_y std stddev
		stddev_pop stddev_samp str_to_date strcmp subdate substr substring substring_index subtime sum tan time
		time_format time_to_sec timediff timestamp timestampadd timestampdiff to_base64 to_days to_seconds trim truncate
		ucase uncompress uncompressed_length unhex upper values var_pop var_samp variance week weekday
		weekofyear weight_string year yearweek`},
	{clock, `curdate current_date current_time current_timestamp curtime localtime localtimestamp now rand random_bytes
	 sleep sysdate unix_timestamp utc_date utc_time utc_timestamp uuid uuid_short`},
	// An XPath may read variables of the session.
	{session, `connection_id current_role current_user database extractvalue found_rows get_lock is_free_lock is_used_lock
		last_insert_id release_all_locks release_lock row_count schema session_user system_user updatexml user version`},
}
