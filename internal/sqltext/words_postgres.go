// This file lists PostgreSQL's words; a test holds them against a server.

package sqltext

var postgresWords = []listed{
	{reserved, `all and any array as asc both case cast check collate column constraint create cross current_date
		current_role current_time current_timestamp current_user default deferrable desc distinct do else end except
		false fetch for foreign from full grant group having in initially inner intersect into is join lateral leading
		left like ilike limit localtime localtimestamp natural not null offset on only or order outer primary references
		returning right select session_user some table then to trailing true union unique user using variadic when where
		window with`},
	{paren, `any some array row limit offset lateral only returning to with when using except intersect`},
	{soft, `ilike`},
	{bare | clock, `current_date current_time current_timestamp localtime localtimestamp`},
	{bare | session, `current_user current_role current_catalog current_schema session_user system_user user`},
	{regtype, `regclass regproc regprocedure regoper regoperator regtype regrole regnamespace regconfig regdictionary
		regcollation`},
	{pure, `abs acos acosd acosh array_agg array_append array_cat array_dims array_fill array_length
		array_lower array_ndims array_position array_positions array_prepend array_remove array_replace array_to_json
		array_to_string array_to_tsvector array_upper ascii asin asind asinh atan atan2 atan2d atand atanh avg bit_and
		bit_count bit_length bit_or bit_xor bool_and bool_or bpchar btrim cardinality cast cbrt ceil ceiling
		char_length character_length chr coalesce concat concat_ws convert convert_from convert_to corr cos cosd cosh cot
		cotd count covar_pop covar_samp cume_dist date date_bin date_part date_trunc daterange decode degrees
		dense_rank div encode every exp extract factorial first_value float4 float8 floor format gcd generate_series
		generate_subscripts get_bit get_byte greatest grouping host hostmask inet_merge inet_same_family initcap int2 int4
		int4range int8 int8range isempty isfinite json_agg json_array_elements json_array_elements_text json_array_length
		json_build_array json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object
		json_object_agg json_object_keys json_populate_record json_populate_recordset json_strip_nulls json_to_record
		json_to_recordset json_typeof jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length
		jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text
		jsonb_insert jsonb_object jsonb_object_agg jsonb_object_keys jsonb_path_exists jsonb_path_match jsonb_path_query
		jsonb_path_query_array jsonb_path_query_first jsonb_populate_record jsonb_populate_recordset jsonb_pretty
		jsonb_set jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_to_tsvector jsonb_typeof justify_days
		justify_hours justify_interval lag last_value lcm lead least left length ln log log10 lower lower_inc lower_inf
		lpad ltrim macaddr8_set7bit make_date make_interval make_time make_timestamp make_timestamptz masklen max md5 min
		min_scale mod mode netmask network normalize nth_value ntile nullif num_nonnulls num_nulls numeric numnode
		numrange octet_length overlay parse_ident percent_rank percentile_cont percentile_disc pg_size_pretty
		phraseto_tsquery pi plainto_tsquery position power pow querytree quote_ident quote_literal quote_nullable radians
		range_agg range_intersect_agg range_merge rank regexp_count regexp_instr regexp_like regexp_match regexp_matches
		regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count
		regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy repeat replace reverse right round
		row_number row_to_json rpad rtrim scale set_bit set_byte set_masklen setweight sha224 sha256 sha384 sha512 sign sin
		sind sinh split_part sqrt starts_with stddev stddev_pop stddev_samp string_agg string_to_array string_to_table
		strip strpos substr substring sum tan tand tanh text timestamp timestamptz timezone to_ascii to_char to_date to_hex
		to_json to_jsonb to_number to_timestamp to_tsquery to_tsvector translate trim trim_array trim_scale trunc ts_delete
		ts_filter ts_headline ts_rank ts_rank_cd tsquery_phrase tsrange tstzrange tsvector_to_array unistr unnest upper
		upper_inc upper_inf var_pop var_samp varchar variance websearch_to_tsquery width_bucket`},
	{clock, `age clock_timestamp gen_random_uuid now pg_sleep pg_sleep_for pg_sleep_until random statement_timestamp
		timeofday transaction_timestamp`},
	{session, `acldefault aclexplode col_description current_database current_query current_schema current_schemas
		current_setting currval format_type getdatabaseencoding has_any_column_privilege has_column_privilege
		has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege has_language_privilege
		has_parameter_privilege has_schema_privilege has_sequence_privilege has_server_privilege has_table_privilege
		has_tablespace_privilege has_type_privilege inet_client_addr inet_client_port inet_server_addr inet_server_port
		lastval obj_description pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all
		pg_advisory_unlock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_backend_pid pg_blocking_pids
		pg_char_to_encoding pg_collation_is_visible pg_column_is_updatable pg_column_size pg_conf_load_time
		pg_conversion_is_visible pg_current_xact_id pg_current_xact_id_if_assigned pg_database_size pg_describe_object
		pg_encoding_to_char pg_function_is_visible pg_get_constraintdef pg_get_expr pg_get_function_arg_default
		pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result pg_get_functiondef
		pg_get_indexdef pg_get_keywords pg_get_partition_constraintdef pg_get_partkeydef pg_get_ruledef
		pg_get_serial_sequence pg_get_statisticsobjdef pg_get_statisticsobjdef_columns pg_get_triggerdef pg_get_userbyid
		pg_get_viewdef pg_has_role pg_identify_object pg_index_column_has_property pg_indexam_has_property
		pg_indexes_size pg_is_in_recovery pg_is_other_temp_schema pg_my_temp_schema pg_notify pg_opclass_is_visible
		pg_operator_is_visible pg_opfamily_is_visible pg_options_to_table pg_partition_ancestors pg_partition_root
		pg_partition_tree pg_postmaster_start_time pg_relation_filenode pg_relation_filepath pg_relation_is_publishable
		pg_relation_is_updatable pg_relation_size pg_sequence_last_value pg_sequence_parameters pg_stat_get_activity
		pg_statistics_obj_is_visible pg_table_is_visible pg_table_size pg_tablespace_location pg_tablespace_size
		pg_total_relation_size pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock
		pg_try_advisory_xact_lock_shared pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible
		pg_ts_template_is_visible pg_type_is_visible pg_typeof row_security_active shobj_description to_regclass
		to_regnamespace to_regproc to_regrole to_regtype txid_current txid_current_if_assigned version`},
	{draws, `nextval setval`},
}

// postgresOperators are PostgreSQL's own.
var postgresOperators = wordSet(`+ - * / % ^ = < > <= >= <> != ~ ~* !~ !~* ~~ ~~* !~~ !~~* || | & # << >> |/ ||/ @ !! @@ @@@
	@> <@ && &< &> &<| |&> <<| |>> -|- -> ->> #> #>> #- ? ?| ?& @? ?- ?-| ?|| ## <-> <<= >>= ~= ~>=~ ~<=~ ~>~ ~<~ ^@ <^ >^ *=
	*<> *< *> *<= *>= : =>`)
