#!/bin/sh
# ci/openssl.sh [--print-env]
#
# Finds OpenSSL 1.1.1 and prints the PKG_CONFIG_PATH to build with: that line alone, empty where the system's own
# pkg-config already leads to 1.1.1. With --print-env it prints lines for a shell: eval "$(ci/openssl.sh --print-env)"
# In this order:
#   1. OPENSSL_PREFIX, where it is set: a prefix that holds OpenSSL 1.1.1
#   2. the system's
#   3. Debian's packages, unpacked into .openssl/; the system's own are left alone
# The variables of the third are in ci/openssl-lib.sh. Where pkg-config or gcc is missing, root gets it by apt-get.
set -eu
exec 3>&1 1>&2 # standard output is for the answer alone

. "$(dirname "$0")/openssl-lib.sh"

case ${1-} in
'') print_env='' ;;
--print-env) print_env=yes ;;
*) die "unknown argument '$1'; usage: ci/openssl.sh [--print-env]" ;;
esac

# first DIR prints the user's PKG_CONFIG_PATH, which may lead to other libraries, with DIR before it.
first() {
	others=${PKG_CONFIG_PATH:+$PKG_CONFIG_PATH:}
	others=$1:${others#"$1:"}
	echo "${others%:}"
}

# from_prefix DIR answers with a prefix that the user chose, whose library folder may have any of the usual names.
from_prefix() {
	found='no lib/pkgconfig/libssl.pc'
	for pc in "$1"/lib/pkgconfig/libssl.pc "$1"/lib64/pkgconfig/libssl.pc "$1"/lib/*/pkgconfig/libssl.pc; do
		[ -r "$pc" ] || continue
		found="OpenSSL $(sed -n 's/^Version: *//p' "$pc"), not 1.1.1"
		case $found in
		"OpenSSL 1.1.1"*)
			libdir=$(cd "$(dirname "$pc")/.." && pwd -P)
			usable_path "$libdir"
			case $libdir:${LD_LIBRARY_PATH-}: in
			/usr/lib*|/usr/local/lib*|*":$libdir:"*) ;;
			*)	grep -q rpath "$pc" || say "note: programs will need LD_LIBRARY_PATH=$libdir when they run" ;;
			esac
			answer "$(first "$libdir/pkgconfig")" ;;
		esac
	done
	die "OPENSSL_PREFIX=$1 holds $found; set it to a prefix of OpenSSL 1.1.1, or unset it to let ci/openssl.sh find one."
}

# unpack makes a prefix of Debian's packages in $tmp, which will stand in $goal.
unpack() {
	arch=$(architecture)
	files=$(locked "[^ ]*_$arch\.deb")
	[ -n "$files" ] || die "ci/openssl.sha256 names no packages for '$arch' (only Linux on amd64 and arm64);" \
		"build OpenSSL 1.1.1 and set OPENSSL_PREFIX to its prefix."
	# shellcheck disable=SC2086 # a list
	fetch "$tmp/download" $files
	mkdir "$tmp/root" "$tmp/bin" "$tmp/libexec"
	for file in $files; do
		if have dpkg-deb; then
			dpkg-deb -x "$tmp/download/$file" "$tmp/root"
		else
			( cd "$tmp/download" && ar x "$file" data.tar.xz && tar -xJf data.tar.xz -C "$tmp/root" )
		fi || die "could not unpack $file; is the disk full?"
	done

	mv "$tmp/root/usr/include" "$tmp/include"
	mv "$tmp"/include/*-linux-gnu*/openssl/*.h "$tmp/include/openssl/" # opensslconf.h
	mv "$tmp"/root/usr/lib/*-linux-gnu* "$tmp/lib"
	rm -r "$tmp/lib/pkgconfig" "$tmp"/include/*-linux-gnu* "$tmp"/lib/*.a
	mv "$tmp/root/usr/bin/openssl" "$tmp/libexec/openssl"
	cat >"$tmp/bin/openssl" <<'EOF'
#!/bin/sh
# Debian's openssl with the libraries of this folder.
here=$(dirname "$(dirname "$(readlink -f "$0")")")
LD_LIBRARY_PATH=$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} exec "$here/libexec/openssl" "$@"
EOF
	chmod +x "$tmp/bin/openssl"
	write_pc "$goal"
	rm -r "$tmp/root" "$tmp/download"
	runs=$(OPENSSL_CONF=/dev/null "$tmp/bin/openssl" version 2>&1) || runs="it fails: $runs"
	case $runs in
	"OpenSSL ${version%%-*} "*) ;;
	*) die "Debian's OpenSSL does not run on this system ($runs); build OpenSSL 1.1.1 and set OPENSSL_PREFIX to its prefix." ;;
	esac
}

if [ -n "${CC-}" ]; then need pkg-config:pkg-config; else need pkg-config:pkg-config gcc:gcc,libc6-dev; fi

[ -z "${OPENSSL_PREFIX-}" ] || from_prefix "$OPENSSL_PREFIX"

goal=$(absolute "${LIBSSL_DEST:-$repo/.openssl}")
case ${PKG_CONFIG_PATH-} in
"$goal/lib/pkgconfig"|"$goal/lib/pkgconfig:"*) ;; # an earlier answer of this script, which may be out of date
*)	case $(pkg-config --modversion libssl 2>/dev/null) in
	1.1.1*) answer "${PKG_CONFIG_PATH-}" ;;
	esac ;;
esac

usable_path "$goal"
if ! ready "$goal" lib/libssl.so.1.1 lib/libcrypto.so.1.1 lib/pkgconfig/libssl.pc include/openssl/ssl.h; then
	need flock:util-linux sha256sum:coreutils
	have dpkg-deb || need ar:binutils tar:tar xz:xz-utils
	begin "$goal"
	if ! ready "$goal" lib/libssl.so.1.1; then # or another run has filled it while this one waited
		unpack
		finish
		say "OpenSSL ${version%%-*} (Debian $version) ready in $goal"
	fi
fi
answer "$(first "$goal/lib/pkgconfig")"
