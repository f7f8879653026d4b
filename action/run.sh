#!/usr/bin/env bash
# The GitHub Action: install this checkout of guard apart from the project, and run it here.
#
# Reads GUARD_ACTION_PATH (this repository), GUARD_COMMAND, GUARD_ARGS, GUARD_PATHS, GUARD_BASE,
# GUARD_PYTHON, and what GitHub sets: RUNNER_TEMP, GITHUB_BASE_REF,
# GITHUB_STEP_SUMMARY.
set -euo pipefail

case "${GUARD_COMMAND:=check}" in
    check | lint | history | roundtrip) ;;
    *)
        echo "::error::guard has no command '${GUARD_COMMAND}' for the action: use check, lint, history or roundtrip."
        exit 2
        ;;
esac

# GUARD_VENV: an environment that has guard already, for a runner that keeps one.
venv=${GUARD_VENV:-${RUNNER_TEMP:-${TMPDIR:-/tmp}}/guard-action}
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
    "${pip[@]}" "${GUARD_ACTION_PATH}[fast]" || "${pip[@]}" "$GUARD_ACTION_PATH"
fi
guard="$venv/bin/guard"
[ -x "$guard" ] || guard="$venv/Scripts/guard.exe"

# The target branch may not have been fetched: guard says so itself, with the remedy.
arguments=("$GUARD_COMMAND" --output-format github)
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || arguments+=(--output github-summary)
[ -z "${GUARD_BASE:-}" ] || arguments+=(--base "$GUARD_BASE")
case "$GUARD_COMMAND" in
    check | roundtrip) [ -z "${GUARD_PYTHON:-}" ] || arguments+=(--python "$GUARD_PYTHON") ;;
esac # the others run nothing of the project
read -r -a more <<<"${GUARD_ARGS:-}"
arguments+=(${more[@]+"${more[@]}"} --)
while IFS= read -r path; do
    [ -z "$path" ] || arguments+=("$path")
done <<<"${GUARD_PATHS:-}"

exec "$guard" "${arguments[@]}"
