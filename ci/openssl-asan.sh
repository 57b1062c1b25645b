#!/bin/sh
# ci/openssl-asan.sh [--source|--generated|--coverage] [--print-env]
#
# Builds Debian's OpenSSL 1.1.1w with AddressSanitizer into .openssl-asan/ and prints its PKG_CONFIG_PATH, for
# `go test -asan`. --coverage builds it with gcov's counters into .openssl-gcov/ instead, --source only unpacks the
# patched source into .openssl-src/openssl-1.1.1w, and --generated also makes in .openssl-generated the headers that a build
# generates, which OpenSSL's own tests need. Where LIBSSL_DEST is set, the folders are $LIBSSL_DEST-asan and so on.
# A Go program ends without running C's exit handlers, and then gcov's counters are lost: end such a test binary by C's
# exit in TestMain. The counters appear in .openssl-src/build-gcov, where gcov is to be run: gcov ssl/ssl_sess.gcda
# The first build takes about a minute on two processors; afterwards nothing is done until ci/openssl.sha256 changes.
set -eu
exec 3>&1 1>&2 # standard output is for the answer alone

. "$(dirname "$0")/openssl-lib.sh"

kind=asan print_env=''
for argument; do
	case $argument in
	--source) kind=source ;;
	--generated) kind=generated ;;
	--coverage) kind=gcov ;;
	--print-env) print_env=yes ;;
	*) die "unknown argument '$argument'; usage: ci/openssl-asan.sh [--source|--generated|--coverage] [--print-env]" ;;
	esac
done

# unpack_source makes the patched tree in $tmp, in the way of dpkg-source, which is not on every machine.
unpack_source() {
	files=$(locked 'openssl_.*\(dsc\|tar\..z\)')
	# shellcheck disable=SC2086 # a list
	fetch "$tmp/download" $files
	tree=$tmp/$tree_name
	mkdir "$tree"
	tar -xzf "$tmp"/download/*.orig.tar.gz -C "$tree" --strip-components=1
	tar -xJf "$tmp"/download/*.debian.tar.xz -C "$tree"
	grep -v '^#' "$tree/debian/patches/series" | while read -r name; do
		patch -d "$tree" -p1 -F0 -N -s --no-backup-if-mismatch -i "debian/patches/$name" || die "the patch $name does not apply"
	done
	rm -r "$tmp/download"
}

make_source() {
	! ready "$source" "$tree_name/Configure" || return 0
	need flock:util-linux sha256sum:coreutils patch:patch xz:xz-utils
	begin "$source"
	if ! ready "$source" "$tree_name/Configure"; then
		unpack_source
		finish
		say "source of OpenSSL ${version%%-*} (Debian $version) ready in $source/$tree_name"
	fi
}

# configure TREE CFLAGS... prepares a build in the present folder, with Debian's arguments (debian/rules): for a library that
# differs in CFLAGS alone.
configure() {
	from=$1; shift
	arch=$(architecture)
	ec=''
	[ "$arch" != amd64 ] || ec=enable-ec_nistp_64_gcc_128
	# shellcheck disable=SC2086 # may be empty
	perl "$from/Configure" "debian-$arch" shared \
		--prefix="$goal" --libdir=lib --openssldir=/usr/lib/ssl \
		no-idea no-mdc2 no-rc5 no-zlib no-ssl3 no-ssl3-method no-capieng \
		enable-unit-test enable-rfc3779 enable-cms $ec -g "$@"
}

# build CFLAGS... makes a prefix in $tmp, which will stand in $goal. It is built outside of $tmp, as debug information
# and coverage counters keep the build's path.
build() {
	work=$source/build-$kind log=$source/build-$kind.log
	rm -rf "$work" && mkdir "$work"
	( cd "$work" && configure "../$tree_name" "$@" && make -j"$(nproc)" build_libs ) >"$log" 2>&1 </dev/null || die "the build of OpenSSL failed; see $log"
	mkdir -p "$tmp/include/openssl" "$tmp/lib"
	cp "$source/$tree_name"/include/openssl/*.h "$work"/include/openssl/*.h "$tmp/include/openssl/"
	cp -d "$work"/lib*.so* "$tmp/lib/"
	write_pc "$goal"
}

make_generated() {
	! ready "$prefix" include/openssl/opensslconf.h || return 0
	need make:make perl:perl
	begin "$prefix"
	if ! ready "$prefix"; then
		log=$source/generated.log
		( cd "$tmp" && configure "$source/$tree_name" && make build_generated ) >"$log" 2>&1 </dev/null ||
			die "OpenSSL could not be configured; see $log"
		finish
	fi
}

goal=$(absolute "${LIBSSL_DEST:-$repo/.openssl}")
usable_path "$goal"
source=$goal-src prefix=$goal-$kind tree_name=openssl-${version%%-*}

if [ "$kind" = source ]; then
	make_source
	echo "$source/$tree_name" >&3
	exit 0
fi
if [ "$kind" = generated ]; then
	make_source
	make_generated
	echo "$prefix" >&3
	exit 0
fi
if ! ready "$prefix" lib/libssl.so.1.1 lib/pkgconfig/libssl.pc; then
	need pkg-config:pkg-config gcc:gcc,libc6-dev make:make perl:perl
	make_source
	begin "$prefix"
	if ! ready "$prefix"; then
		say "building OpenSSL $version for $kind, about a minute"
		case $kind in
		asan) build -O1 -fno-omit-frame-pointer -fsanitize=address ;;
		gcov) build -O0 --coverage -fprofile-update=atomic ;;
		esac
		finish
		say "OpenSSL ${version%%-*} (Debian $version, $kind) ready in $prefix"
	fi
fi
answer "$prefix/lib/pkgconfig"
