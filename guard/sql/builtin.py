"""The functions of each server that run no SQL of its users, change no table and touch no file.

Sources: pg_proc of PostgreSQL 15 and the later manuals, with its contrib modules; MySQL's and
MariaDB's lists of functions; SQLite's pages on core, date, aggregate, window and JSON functions.
The volatile and the ordinary ones are in `volatility`.
"""

from __future__ import annotations

from guard.sql.tokens import words
from guard.sql.volatility import KEYWORDS, volatility_of

# Each has these, or what looks like a call and is none.
_EVERYWHERE = KEYWORDS | words(
    "all any array avg cast coalesce convert count cube every exists filter grouping greatest in "
    "least max min nullif rollup row sets some sum values xmltable"
)
_POSTGRESQL = words(
    "abbrev aclexplode acos acosd acosh any_value area array_agg array_dims array_fill "
    "array_lower array_ndims array_positions array_replace array_reverse array_sample "
    "array_shuffle array_sort array_to_json array_to_tsvector array_trim array_upper asin asind "
    "asinh atan atan2 atan2d atand atanh avg bernoulli bit bit_and bit_count bit_or bit_xor "
    "bool bool_and bool_or box bpchar brin_summarize_new_values brin_summarize_range broadcast "
    "cash_words cbrt center char cidr circle col_description collation convert convert_from "
    "convert_to corr cos cosd cosh cot cotd count covar_pop covar_samp crc32 crc32c cume_dist "
    "current_query current_schemas date date_add date_bin date_subtract datemultirange "
    "daterange degrees dense_rank diagonal diameter enum_first enum_last enum_range erf erfc "
    "every factorial family first_value float4 float8 gamma gcd generate_series "
    "generate_subscripts get_bit get_byte get_current_ts_config getdatabaseencoding "
    "gin_clean_pending_list grouping has_any_column_privilege has_column_privilege "
    "has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege "
    "has_language_privilege has_parameter_privilege has_schema_privilege has_sequence_privilege "
    "has_server_privilege has_table_privilege has_tablespace_privilege has_type_privilege "
    "height host hostmask inet_client_port inet_server_addr inet_server_port int2 int4 "
    "int4multirange int4range int8 int8multirange int8range interval is_normalized isclosed "
    "isempty isopen json_agg json_array_elements json_array_elements_text json_arrayagg "
    "json_each json_each_text json_exists json_object_agg json_object_keys json_objectagg "
    "json_populate_record json_populate_recordset json_query json_scalar json_serialize "
    "json_strip_nulls json_table json_to_record json_to_recordset json_to_tsvector json_value "
    "jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_each jsonb_each_text "
    "jsonb_insert jsonb_object jsonb_object_agg jsonb_object_keys jsonb_path_exists "
    "jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query "
    "jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first "
    "jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record "
    "jsonb_populate_recordset jsonb_pretty jsonb_set_lax jsonb_strip_nulls jsonb_to_record "
    "jsonb_to_recordset jsonb_to_tsvector justify_days justify_hours justify_interval lag "
    "last_value lcm lead lgamma like line lo_close lo_creat lo_create lo_get lo_lseek "
    "lo_lseek64 lo_open lo_tell lo_tell64 log10 lower_inc lower_inf lseg macaddr macaddr8 "
    "make_time make_timestamp make_timestamptz masklen max merge_action min min_scale mode "
    "money multirange mxid_age name netmask network normalize npoints nth_value ntile numeric "
    "nummultirange numnode numrange obj_description overlaps parse_ident path percent_rank "
    "percentile_cont percentile_disc phraseto_tsquery pi plainto_tsquery point polygon pow "
    "querytree quote_nullable radians radius range_agg range_intersect_agg range_merge rank "
    "regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_split_to_array "
    "regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2 "
    "regr_slope regr_sxx regr_sxy regr_syy row_number row_security_active scale set_bit "
    "set_byte set_masklen setweight shobj_description sin sind sinh slope stddev stddev_pop "
    "stddev_samp string_agg string_to_table strip sum suppress_redundant_updates_trigger system "
    "tan tand tanh time timestamp timestamptz timetz to_ascii to_bin to_number to_oct "
    "to_regclass to_regcollation to_regnamespace to_regoper to_regoperator to_regproc "
    "to_regprocedure to_regrole to_regtype to_tsquery treat trim_array trim_scale ts_debug "
    "ts_delete ts_filter ts_headline ts_lexize ts_parse ts_rank ts_rank_cd ts_token_type "
    "tsmultirange tsquery_phrase tsrange tstzmultirange tstzrange tsvector_to_array "
    "tsvector_update_trigger tsvector_update_trigger_column txid_current_if_assigned "
    "txid_current_snapshot txid_snapshot_xip txid_snapshot_xmax txid_snapshot_xmin txid_status "
    "txid_visible_in_snapshot unistr unnest upper_inc upper_inf uuid_extract_timestamp "
    "uuid_extract_version var_pop var_samp varbit variance websearch_to_tsquery width "
    "width_bucket xid xml xml_is_well_formed xml_is_well_formed_content "
    "xml_is_well_formed_document xmlagg xmlcomment xmlconcat xmlelement xmlexists xmlforest "
    "xmlparse xmlpi xmlroot xmlserialize xmltable xmlvalidate xpath xpath_exists"
)
# What a type makes of a text, and of itself.
_POSTGRESQL |= words(
    "array_in array_out boolin boolout byteain byteaout date_in date_out enum_in enum_out float8in "
    "float8out inet_in inet_out int4in int4out int8in int8out json_in json_out jsonb_in jsonb_out "
    "numeric_in numeric_out textin textout timestamp_in timestamp_out timestamptz_in "
    "timestamptz_out uuid_in uuid_out varcharin varcharout"
)
# What a type sends to a client: its bytes.
_POSTGRESQL |= words(
    "bpcharsend byteasend date_send float4send float8send int2send int4send int8send numeric_send "
    "textsend timestamp_send timestamptz_send uuid_send varcharsend"
)
_CONTRIB = words(
    "akeys armor autoinc avals citext crypt cube cube_dim cube_distance cube_enlarge cube_inter "
    "cube_union daitch_mokotoff dearmor decrypt decrypt_iv defined difference digest dmetaphone "
    "dmetaphone_alt each earth earth_box earth_distance encrypt encrypt_iv exist exists_all "
    "exists_any fetchval hmac hstore hstore_to_array hstore_to_json hstore_to_json_loose "
    "hstore_to_jsonb hstore_to_jsonb_loose hstore_to_matrix icount idx index insert_username "
    "intset isdefined isexists latitude lca levenshtein levenshtein_less_equal ll_to_earth "
    "longitude ltree2text metaphone moddatetime nlevel normal_rand pgp_key_id pgp_pub_decrypt "
    "pgp_pub_decrypt_bytea pgp_pub_encrypt pgp_pub_encrypt_bytea pgp_sym_decrypt "
    "pgp_sym_decrypt_bytea pgp_sym_encrypt pgp_sym_encrypt_bytea populate_record set_limit "
    "show_limit show_trgm similarity skeys slice slice_array sort sort_asc sort_desc soundex "
    "strict_word_similarity subarray subltree subpath svals text2ltree uniq uuid_ns_dns "
    "uuid_ns_oid uuid_ns_url uuid_ns_x500 word_similarity"
)
_MYSQL = words(
    "acos add_months adddate addtime aes_decrypt aes_encrypt any any_value asin atan atan2 avg "
    "benchmark bin bit_and bit_count bit_or bit_xor cast char charset coercibility collation "
    "column_add column_check column_create column_delete column_exists column_get column_json "
    "column_list compress conv convert convert_tz cos cot count crc32 cume_dist date date_add "
    "date_diff date_format date_sub datediff day dayname dayofmonth dayofweek dayofyear "
    "decode_histogram decode_oracle degrees dense_rank des_decrypt des_encrypt elt encrypt "
    "export_set extractvalue field find_in_set first_value format format_bytes format_pico_time "
    "from_base64 from_days from_unixtime geomcollection geometrycollection get_format "
    "group_concat grouping gtid_subset gtid_subtract hour icu_version inet6_aton inet6_ntoa "
    "inet_aton inet_ntoa insert interval is_free_lock is_ipv4 is_ipv4_compat is_ipv4_mapped "
    "is_ipv6 is_used_lock is_uuid json_array_append json_array_insert json_arrayagg "
    "json_compact json_contains_path json_depth json_detailed json_equals json_exists "
    "json_insert json_key_value json_keys json_length json_loose json_merge json_merge_patch "
    "json_merge_preserve json_normalize json_object_filter_keys json_object_to_array "
    "json_objectagg json_overlaps json_pretty json_query json_quote json_remove json_replace "
    "json_schema_valid json_schema_validation_report json_search json_set json_storage_free "
    "json_storage_size json_table json_value kdf lag last_day last_value lastval lead "
    "linestring load_file log10 log2 make_set makedate maketime master_pos_wait max mbrcontains "
    "mbrcoveredby mbrcovers mbrdisjoint mbrequals mbrintersects mbroverlaps mbrtouches "
    "mbrwithin median member microsecond mid min minute month monthname multilinestring "
    "multipoint multipolygon name_const natural_sort_key nth_value ntile nvl nvl2 oct ord "
    "password percent_rank percentile_cont percentile_disc period_add period_diff pi point "
    "polygon pow ps_current_thread_id ps_thread_id quarter quote radians rank regexp_instr "
    "regexp_like regexp_substr release_all_locks release_lock roles_graphml row_number "
    "sec_to_time second setval sformat sha sha1 sha2 sin soundex source_pos_wait space "
    "statement_digest statement_digest_text std stddev stddev_pop stddev_samp str_to_date "
    "strcmp subdate substring_index subtime sum sys_guid tan time time_format time_to_sec "
    "timediff timestamp timestampadd timestampdiff to_base64 to_char to_days to_seconds "
    "truncate uncompress uncompressed_length updatexml uuid_v4 uuid_v7 "
    "validate_password_strength values var_pop var_samp variance wait_for_executed_gtid_set "
    "wait_until_sql_thread_after_gtids week weekday weekofyear weight_string year yearweek"
)
_SQLITE = words(
    "acos acosh asin asinh atan atan2 atanh avg bm25 cos cosh count cume_dist dbstat degrees "
    "dense_rank first_value fts3_tokenizer generate_series group_concat highlight if json "
    "json_array_insert json_each json_error_position json_group_array json_group_object "
    "json_insert json_patch json_pretty json_quote json_remove json_replace json_set json_tree "
    "jsonb jsonb_array jsonb_array_insert jsonb_each jsonb_extract jsonb_group_array "
    "jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace "
    "jsonb_tree lag last_value lead likelihood likely log10 log2 match matchinfo max median min "
    "nth_value ntile offsets percent_rank percentile percentile_cont percentile_disc pi pow "
    "pragma_compile_options pragma_database_list pragma_foreign_key_check "
    "pragma_foreign_key_list pragma_function_list pragma_index_info pragma_index_list "
    "pragma_index_xinfo pragma_integrity_check pragma_module_list pragma_pragma_list "
    "pragma_quick_check pragma_table_info pragma_table_list pragma_table_xinfo radians raise "
    "rank row_number rtreecheck rtreenode sin sinh snippet soundex sqlite_compileoption_get "
    "sqlite_compileoption_used sqlite_offset sqlite_source_id sqlite_version string_agg "
    "subsecond subtype sum tan tanh total unistr unistr_quote unlikely"
)
_BY_DIALECT = {
    "postgresql": _EVERYWHERE | _POSTGRESQL | _CONTRIB,
    "mysql": _EVERYWHERE | _MYSQL,
    "mariadb": _EVERYWHERE | _MYSQL,
    "sqlite": _EVERYWHERE | _SQLITE,
}
# Names that begin so are the server's or PostGIS's own.
_FAMILIES = {
    "postgresql": ("pg_", "st_", "_st_", "postgis_"),
    "mysql": ("st_", "mbr", "asynchronous_connection_", "group_replication_get_"),
    "mariadb": ("st_", "mbr"),
    "sqlite": (),
}
# Of those the ones that read or write files, or do away with something.
_NOT_HARMLESS = words(
    "pg_read_file pg_read_binary_file pg_file_write pg_file_rename pg_file_unlink pg_file_sync "
    "pg_drop_replication_slot pg_replication_origin_drop "
    "pg_replication_slot_advance"
)


def is_builtin(function: str, dialect: str) -> bool:
    """Return whether the function, in lower case, is a harmless one of the server's own."""
    if function in _NOT_HARMLESS:
        return False
    return (
        function in _BY_DIALECT[dialect]
        or volatility_of(function, dialect) is not None
        or function.startswith(_FAMILIES[dialect])
    )
