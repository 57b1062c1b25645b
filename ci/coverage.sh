#!/bin/sh
# Runs the root's tests once and prints how many lines of its Go and of the shim they reached. Fails below 90 %. With -v it lists what was not reached.
set -eu
cd "$(dirname "$0")/.."
goal=90
eval "$(ci/openssl.sh --print-env)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The counters are found beside the objects, so that the build's directory is kept; a flag that is new each time makes cgo compile again.
CGO_CFLAGS="--coverage -O0 -g -DGOSSL_COVERAGE=$$" CGO_LDFLAGS=--coverage GOTMPDIR=$work \
	go test -c -work -tags libssl_gcov,libssl_check -cover -coverpkg=. -o "$work/root.test" . 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
"$work/root.test" -test.coverprofile="$work/go.cover" >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; exit 1; }

go=$(go tool cover -func="$work/go.cover" | awk '/^total:/ { sub("%", ""); print $NF }')
mkdir "$work/gcov"
ln -s "$PWD"/shim*.[ch] "$work/gcov/" # gcov writes where it is run, and looks for the sources there
for data in $(find "$work" -name '*.gcda'); do
	(cd "$work/gcov" && gcov "$data" >>"$work/gcov.log" 2>/dev/null) || true
done
ls "$work"/gcov/shim*.c.gcov >/dev/null
c=$(awk -F: '$1 !~ /^ *-/ { all++; if ($1 !~ /#####|=====/) hit++ } END { printf "%.1f", 100 * hit / all }' "$work"/gcov/shim*.c.gcov)
echo "coverage: Go $go %, shim*.c $c % (goal $goal %)"
if [ "${1-}" = -v ]; then
	go tool cover -func="$work/go.cover" | awk '$NF != "100.0%"'
	grep -H '#####' "$work"/gcov/shim*.c.gcov | sed "s|$work/gcov/||"
fi
awk "BEGIN { exit !($go >= $goal && $c >= $goal) }"
