"""The volatility of the usual functions by dialect, in PostgreSQL's three classes.

Sources: pg_proc.provolatile; MySQL's manual, "Nondeterministic functions" in the chapters on
generated columns and replication; SQLite's documentation of deterministic functions.
"""

from __future__ import annotations

from typing import Literal

from guard.sql.tokens import words

# immutable: on its arguments alone; stable: also on what is the same within one statement, as the
# time is; volatile: on each call anew.
Volatility = Literal["immutable", "stable", "volatile"]

_IMMUTABLE = words(
    "abs ascii bit_length btrim cardinality ceil ceiling char_length character_length chr coalesce "
    "decode div encode exp floor greatest hex initcap json_extract "
    "json_valid json_type json_array_length jsonb_array_length jsonb_typeof json_typeof least left "
    "length ln log lower lpad ltrim make_date make_interval md5 mod nullif octet_length overlay "
    "position power quote_ident quote_literal regexp_replace repeat replace reverse right round "
    "rpad rtrim sha224 sha256 sha384 sha512 sign split_part sqrt starts_with strpos substr "
    "substring to_hex translate trim trunc unhex upper ifnull isnull ucase lcase instr locate "
    "array_length array_position array_remove array_append array_prepend "
    "string_to_array num_nonnulls num_nulls jsonb_set isfinite timezone "
    "uuid_generate_v3 uuid_generate_v5 uuid_nil extract array row json_array json_object"
)
_CLOCK = words("current_date current_time current_timestamp localtime localtimestamp")
_POSTGRESQL: dict[Volatility, frozenset[str]] = {
    "immutable": _IMMUTABLE,
    "stable": _CLOCK
    | words(
        "now transaction_timestamp statement_timestamp current_user session_user user current_role "
        "current_catalog current_schema current_database current_setting date_trunc date_part "
        "concat_ws array_to_string format_type to_char "
        "to_date to_timestamp to_json to_jsonb row_to_json json_build_object json_build_array "
        "jsonb_build_object jsonb_build_array to_tsvector concat format age txid_current "
        "pg_current_xact_id inet_client_addr pg_backend_pid version unaccent"
    ),
    "volatile": words(
        "clock_timestamp timeofday random random_normal setseed gen_random_uuid uuidv4 uuidv7 "
        "uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 gen_random_bytes gen_salt nextval "
        "currval lastval setval pg_sleep set_config pg_advisory_lock"
    ),
}
_MYSQL: dict[Volatility, frozenset[str]] = {
    "immutable": _IMMUTABLE
    | words("concat concat_ws uuid_to_bin bin_to_uuid json_unquote json_contains if"),
    "stable": _CLOCK
    | words(
        "now curdate curtime utc_date utc_time utc_timestamp unix_timestamp connection_id user "
        "current_user session_user system_user current_role database schema version "
        "last_insert_id found_rows row_count"
    ),
    "volatile": words(
        "rand uuid uuid_short uuid_v4 uuid_v7 sys_guid sysdate random_bytes sleep nextval get_lock"
    ),
}
_SQLITE: dict[Volatility, frozenset[str]] = {
    "immutable": _IMMUTABLE
    | words("concat concat_ws printf format iif typeof unicode char glob like quote zeroblob"),
    "stable": _CLOCK | words("date time datetime julianday unixepoch strftime timediff"),
    "volatile": words("random randomblob changes total_changes last_insert_rowid"),
}
BY_DIALECT = {
    "postgresql": _POSTGRESQL,
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "sqlite": _SQLITE,
}
# Functions that are called without parentheses.
KEYWORDS = _CLOCK | words(
    "current_user session_user user current_role current_catalog current_schema"
)


def volatility_of(function: str, dialect: str) -> Volatility | None:
    """Return the class of a function by its name in lower case; None where it is not known."""
    for volatility, names in BY_DIALECT[dialect].items():
        if function in names:
            return volatility
    return None
