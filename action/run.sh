#!/usr/bin/env bash
# The GitHub Action: install guard apart from the project, and run it here.
#
# Reads GUARD_ACTION_PATH (this repository), what action.yml makes of its inputs, and what GitHub
# sets: RUNNER_TEMP, GITHUB_BASE_REF, GITHUB_STEP_SUMMARY, GITHUB_OUTPUT.
set -euo pipefail

case "${GUARD_COMMAND:=check}" in
    check | lint | history | roundtrip) ;;
    *)
        echo "::error::guard has no command '${GUARD_COMMAND}' for the action: use check, lint, history or roundtrip."
        exit 2
        ;;
esac
case "${GUARD_WANTED_VERSION:-}" in
    *[!0-9A-Za-z.+!-]*)
        echo "::error::the input version is no version: use one such as 0.1.0."
        exit 2
        ;;
esac
temporary=${RUNNER_TEMP:-${TMPDIR:-/tmp}}

# GUARD_VENV: an environment that has guard already, for a runner that keeps one.
venv=${GUARD_VENV:-$temporary/guard-action}
if [ ! -x "$venv/bin/guard" ] && [ ! -x "$venv/Scripts/guard.exe" ]; then
    # A name that is found need not work: a version manager's stand-in may have nothing behind it.
    for python in python3.14 python3.13 python3.12 python3.11 python3 python ''; do
        "${python:-false}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
    done
    if [ -z "$python" ]; then
        echo "::error::guard needs Python 3.11 or later on the runner: add actions/setup-python before it."
        exit 2
    fi
    "$python" -m venv "$venv"
    pip=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check)
    [ -x "$venv/bin/python" ] || pip[0]="$venv/Scripts/python.exe"
    case "${GUARD_SERVER_KIND:-}" in
        postgresql) extras=fast,postgresql ;;
        *) extras=fast ;;
    esac
    if [ -n "${GUARD_WANTED_VERSION:-}" ]; then
        "${pip[@]}" "migration-guard[$extras]==$GUARD_WANTED_VERSION"
    else
        "${pip[@]}" "${GUARD_ACTION_PATH}[$extras]" || "${pip[@]}" "$GUARD_ACTION_PATH"
    fi
fi
guard="$venv/bin/guard"
[ -x "$guard" ] || guard="$venv/Scripts/guard.exe"

# The target branch may not have been fetched: guard says so itself, with the remedy.
arguments=("$GUARD_COMMAND" --output-format github)
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || arguments+=(--output github-summary)
reports="$temporary/guard-reports"
rm -rf "$reports"
mkdir -p "$reports"
for format in json sarif markdown; do
    arguments+=(--output "$format:$reports/guard.$format")
done
while IFS= read -r report; do
    [ -z "$report" ] || arguments+=(--output "$report")
done <<<"${GUARD_REPORTS:-}"
[ -z "${GUARD_BASE:-}" ] || arguments+=(--base "$GUARD_BASE")
[ -z "${GUARD_SETTINGS:-}" ] || arguments+=(--config "$GUARD_SETTINGS")
case "$GUARD_COMMAND" in
    check | roundtrip)
        [ -z "${GUARD_PYTHON:-}" ] || arguments+=(--python "$GUARD_PYTHON")
        [ -z "${GUARD_SERVER_KIND:-}" ] || arguments+=(--backend "$GUARD_SERVER_KIND")
        ;;
esac # the others run nothing of the project
read -r -a more <<<"${GUARD_ARGS:-}"
arguments+=(${more[@]+"${more[@]}"} --)
while IFS= read -r path; do
    [ -z "$path" ] || arguments+=("$path")
done <<<"${GUARD_PATHS:-}"

code=0
"$guard" "${arguments[@]}" || code=$?

# What later steps may use. No report is there where guard could not begin: that counts as failed.
python="$venv/bin/python"
[ -x "$python" ] || python="$venv/Scripts/python.exe"
"$python" -I "$GUARD_ACTION_PATH/action/outputs.py" "$reports" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$code"
