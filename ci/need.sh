#!/bin/sh
# Sees to it that commands are there: installs Debian's package as root, else says what to do. The package has the command's name, or stands
# after it: strsclnt=libnss3-tools
set -eu

# Servers that are installed must not start: they are peers of tests, no services of this machine.
policy=/usr/sbin/policy-rc.d
trap 'exit 1' HUP INT TERM
keep_quiet() {
	[ -e "$policy" ] && return
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod +x "$policy"
}

install() {
	keep_quiet && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$1"
}

for tool; do
	package=${tool#*=}
	tool=${tool%%=*}
	command -v "$tool" >/dev/null && continue
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		install "$package" >/dev/null 2>&1 && continue
	fi
	echo "$tool is missing: install Debian's package $package" >&2
	exit 1
done
