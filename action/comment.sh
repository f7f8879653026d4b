#!/usr/bin/env bash
# Keeps one comment of guard on the pull request up to date: it is found by its first line.
#
# Reads GUARD_MARKDOWN (the report), GUARD_PULL_REQUEST (its number), GITHUB_REPOSITORY and, for gh,
# GH_TOKEN. A pull request from a fork has a token that may not write: that is said, and no failure.
set -euo pipefail

marker=$(head -n 1 "$GUARD_MARKDOWN")
comments="repos/$GITHUB_REPOSITORY/issues/$GUARD_PULL_REQUEST/comments"
write() {
    if ! said=$(gh api "$@" -F "body=@$GUARD_MARKDOWN" 2>&1 >/dev/null); then
        echo "::notice::guard could not write its comment (a pull request from a fork may not, and pull-requests: write is needed): $(printf '%s' "$said" | tr -d '\r\n:%' | cut -c 1-200)"
    fi
}

found=$(gh api --paginate "$comments" --jq ".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$marker\"))) | .id" 2>/dev/null) || found=
found=${found%%$'\n'*}
if [ -n "$found" ]; then
    write -X PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$found"
else
    write "$comments"
fi
