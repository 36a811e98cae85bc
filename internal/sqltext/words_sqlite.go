// This file lists SQLite's words; a test holds them against the library.

package sqltext

var sqliteWords = []listed{
	{reserved, `all and as between case check collate create default delete distinct drop else escape except exists
		foreign from group having in index insert intersect into is isnull join limit not notnull null on or order
		primary references select set table then to transaction union unique update using values when where`},
	{paren, `limit escape when using except intersect`},
	{soft, `glob is match regexp`},
	{bare | clock, `current_date current_time current_timestamp`},
	{pure, `abs acos acosh asin asinh atan atan2 atanh avg bm25 cast ceil ceiling char coalesce concat concat_ws cos cosh
		count cume_dist degrees dense_rank exp first_value floor format glob group_concat hex highlight ifnull iif instr
		json json_array json_array_length json_each json_error_position json_extract json_group_array json_group_object
		json_insert json_object json_patch json_pretty json_quote json_remove json_replace json_set json_tree json_type
		json_valid jsonb jsonb_array jsonb_extract jsonb_group_array jsonb_group_object jsonb_insert jsonb_object
		jsonb_patch jsonb_remove jsonb_replace jsonb_set lag last_value lead length like likelihood likely ln log log10
		log2 lower ltrim max min mod nth_value ntile nullif octet_length percent_rank pi pow power printf quote radians
		rank replace round row_number rtrim sign sin sinh snippet soundex sqrt string_agg substr substring sum tan tanh
		total trim trunc typeof unhex unicode unlikely upper zeroblob`},
	{clock, `date datetime julianday random randomblob strftime time timediff unixepoch`},
	{session, `changes last_insert_rowid pragma_collation_list pragma_compile_options pragma_database_list
		pragma_foreign_key_check pragma_foreign_key_list pragma_function_list pragma_index_info pragma_index_list
		pragma_index_xinfo pragma_module_list pragma_table_info pragma_table_list pragma_table_xinfo sqlite_source_id sqlite_version total_changes`},
}
