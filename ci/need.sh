#!/bin/sh
# Sees to it that a command of Debian's package of the same name is there: installs it as root, else says what to do.
set -eu
for tool; do
	command -v "$tool" >/dev/null && continue
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		{ apt-get update -qq && apt-get install -qq -y --no-install-recommends "$tool"; } >/dev/null 2>&1 && continue
	fi
	echo "$tool is missing: install Debian's package $tool" >&2
	exit 1
done
