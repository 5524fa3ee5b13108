#!/usr/bin/env bash
# The step of the GitHub Action (action.yml). `matchday run` itself writes annotations and the step summary; this adds the outputs, and a
# summary where there was no run.
set -uo pipefail

words=(run "$REHEARSAL" --reports "$REPORTS")
[ -z "$CONTEXT" ] || words+=(--context "$CONTEXT")
[ -z "$TARGET" ] || words+=(--target "$TARGET")
while IFS= read -r word; do
  [ -z "$word" ] || words+=("$word")
done <<<"$ARGS"

# The version that the repository has installed wins: it is the one in its lock file.
if [ -x node_modules/.bin/matchday ]; then
  matchday=(node_modules/.bin/matchday)
else
  manifest=$GITHUB_ACTION_PATH/package.json
  field() { node -p 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))[process.argv[2]]' "$manifest" "$1"; }
  matchday=(npx --yes "$(field name)@${VERSION:-$(field version)}")
fi

before=$(readlink "$REPORTS/latest")
"${matchday[@]}" "${words[@]}"
code=$?
after=$(readlink "$REPORTS/latest")

echo "exit-code=$code" >>"$GITHUB_OUTPUT"
if [ "$after" != "$before" ]; then
  echo "folder=$REPORTS/$after" >>"$GITHUB_OUTPUT"
elif [ "$code" != 0 ]; then
  echo "**matchday** ended with exit code $code before a run began. The log of this step says why." >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
