#!/bin/sh
# ci/openssl_test.sh runs ci/openssl.sh for real, in every condition it promises to handle, in a temporary folder.
# Some cases download (see ci/openssl-lib.sh); as root it also tries an ordinary user. Under a minute.
set -u
ci=$(cd "$(dirname "$0")" && pwd -P)
unset OPENSSL_PREFIX PKG_CONFIG_PATH LD_LIBRARY_PATH LIBSSL_DEST LIBSSL_DEBS CDPATH
export PKG_CONFIG_LIBDIR=/nonexistent # hides the system's OpenSSL, whatever it is
export OPENSSL_CONF=/dev/null

work=$(mktemp -d) && chmod 755 "$work" || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
mkdir "$work/repo" && cp -r "$ci" "$work/repo/ci"
script=$work/repo/ci/openssl.sh sums=$work/repo/ci/openssl.sha256
version=$(sed -n 's/.*  openssl_\(.*\)\.dsc$/\1/p' "$sums")
passed=0 failed=0

result() { # result NAME PROBLEM...: no problem means that the case passed
	name=$1; shift
	if [ -z "$*" ]; then
		passed=$((passed + 1)); echo "ok - $name"
	else
		failed=$((failed + 1)); echo "not ok - $name:$*"
		sed 's/^/    /' "$work/out" "$work/err"
	fi
}
holds() { # COMMAND; holds NAME: the command before it decides
	if [ $? = 0 ]; then result "$1"; else result "$1" ' it does not hold'; fi
}
run() { # run [NAME=VALUE...] COMMAND: sets $code, and leaves what was printed in $work/out and $work/err
	code=0
	env "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
}
succeeds() { # succeeds NAME DEST: exit code 0, DEST's path as the only output, and a complete DEST
	problem=''
	[ "$code" = 0 ] || problem="$problem exit code $code;"
	[ "$(cat "$work/out")" = "$2/lib/pkgconfig" ] || problem="$problem other output than $2/lib/pkgconfig;"
	case $("$2/bin/openssl" version 2>&1) in "OpenSSL 1.1.1"*) ;; *) problem="$problem bin/openssl does not run;" ;; esac
	[ "$(cat "$2/VERSION" 2>&1)" = "$version" ] || problem="$problem wrong VERSION;"
	grep -qx "prefix=$2" "$2/lib/pkgconfig/libssl.pc" || problem="$problem wrong prefix in libssl.pc;"
	[ ! -e "$2.tmp" ] && [ ! -e "$2.old" ] || problem="$problem left-over folder;"
	result "$1" "$problem"
}
refuses() { # refuses NAME WORD...: another exit code, nothing on standard output, one error with these words
	title=$1 problem=''; shift
	[ "$code" = 1 ] || problem="$problem exit code $code;"
	[ ! -s "$work/out" ] || problem="$problem has output;"
	[ "$(grep -c '^libssl: error: ' "$work/err")" = 1 ] || problem="$problem not one error;"
	for word; do grep -q -e "$word" "$work/err" || problem="$problem error lacks '$word';"; done
	result "$title" "$problem"
}
commands_without() { # commands_without FOLDER NAME... makes a PATH folder with the system's commands but these
	folder=$1; shift
	mkdir "$folder" && ln -s /usr/bin/* "$folder/"
	for name; do rm -f "$folder/$name"; done
}
fake() { # fake FOLDER COMMAND makes a command of standard input
	mkdir -p "$1" && rm -f "$1/$2" && { echo '#!/bin/sh'; cat; } >"$1/$2" && chmod +x "$1/$2"
}
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

# --- the way it should go -----------------------------------------------------------------------------------------

dest=$work/repo/.openssl
run "$script"
succeeds 'fresh install through the machine'\''s mirror' "$dest"

before=$(stat -c %i "$dest") start=$(milliseconds)
run "$script"
taken=$(($(milliseconds) - start))
problem=''
[ "$taken" -lt 1000 ] || problem="$problem took $taken ms;"
[ ! -s "$work/err" ] || problem="$problem not quiet;"
[ "$before" = "$(stat -c %i "$dest")" ] || problem="$problem made again;"
succeeds "second run ($taken ms)" "$dest"
result 'second run is quick, quiet and changes nothing' "$problem"

# The .deb files for the cases below. The name after the command is the $0 that openssl-lib.sh finds itself by.
debs="$work/three debs"
sh -euc '. "$0"; fetch "$1" $(locked "[^ ]*_$(architecture)\.deb")' "$work/repo/ci/openssl-lib.sh" "$debs" \
	>"$work/out" 2>"$work/err" || { cat "$work/err"; exit 1; }
rm -rf "$debs/apt"

run LIBSSL_DEBS="$debs" LIBSSL_DEST="$work/local/openssl" LIBSSL_MIRROR=http://127.0.0.1:9 "$script"
succeeds 'from LIBSSL_DEBS, without network' "$work/local/openssl"

run "$script" --print-env
printed=$(eval "$(cat "$work/out")"; echo "$PKG_CONFIG_PATH $OPENSSL_CONF")
[ "$printed" = "$dest/lib/pkgconfig /dev/null" ]; holds '--print-env'

commands_without "$work/no-dpkg" dpkg-deb
run PATH="$work/no-dpkg" LIBSSL_DEBS="$debs" LIBSSL_DEST="$work/no-dpkg-deb" "$script"
succeeds 'without dpkg-deb, by ar and tar' "$work/no-dpkg-deb"

mkdir -p "$work/pool/pool/updates/main/o/openssl" && cp "$debs"/*.deb "$work/pool/pool/updates/main/o/openssl/"
run LIBSSL_SECURITY_MIRROR="file:$work/pool" LIBSSL_DEST="$work/from-pool" "$script"
succeeds 'a version that only the pool still has' "$work/from-pool"

run OPENSSL_PREFIX="$dest" LIBSSL_DEST=/nonexistent/x "$script"
succeeds 'OPENSSL_PREFIX' "$dest"
kept=''
for given in /other "$dest/lib/pkgconfig:/other"; do
	kept="$kept$(PKG_CONFIG_PATH=$given "$script") $(PKG_CONFIG_PATH=$given OPENSSL_PREFIX="$dest" "$script") "
done
both=$dest/lib/pkgconfig:/other
[ "$kept" = "$both $both $both $both " ]; holds 'the rest of PKG_CONFIG_PATH is kept'
run PKG_CONFIG_LIBDIR="$dest/lib/pkgconfig" LIBSSL_DEST=/nonexistent/x "$script"
[ "$code" = 0 ] && [ "$(wc -l <"$work/out")" = 1 ] && [ -z "$(cat "$work/out" "$work/err")" ]
holds 'the system'\''s own 1.1.1'
run PKG_CONFIG_PATH="$dest/lib/pkgconfig" LIBSSL_DEST=/nonexistent/x "$script"
succeeds 'a PKG_CONFIG_PATH that leads to 1.1.1 is kept' "$dest"

if [ "$(id -u)" = 0 ]; then
	mkdir "$work/home" && chown nobody "$work/home"
	run runuser -u nobody -- "$script"
	succeeds 'an ordinary user uses what is there' "$dest"
	run LIBSSL_DEST="$work/home/openssl" HOME="$work/home" runuser -u nobody -- "$script"
	succeeds 'fresh install as an ordinary user' "$work/home/openssl"
	mkdir "$work/closed"
	run LIBSSL_DEST="$work/closed/openssl" runuser -u nobody -- "$script"
	refuses 'read-only folder' 'cannot write' "$work/closed" LIBSSL_DEST
	run LIBSSL_DEST="$work/closed/new/openssl" runuser -u nobody -- "$script"
	refuses 'read-only parent' 'cannot make' LIBSSL_DEST

	commands_without "$work/bare" pkg-config gcc
	fake "$work/bare" apt-get <<-EOF
		echo "\$*" >>"$work/apt-calls"
		case "\$*" in *install*) ln -s /usr/bin/gcc /usr/bin/pkg-config "$work/bare/" ;; esac
	EOF
	run PATH="$work/bare" "$script"
	succeeds 'root with apt-get installs missing tools' "$dest"
	grep -q 'install .*gcc libc6-dev' "$work/apt-calls" && grep -q 'install .*pkg-config' "$work/apt-calls"
	holds 'which are gcc, libc6-dev and pkg-config'
else
	echo 'skipped - the cases of an ordinary user, which need root'
fi

# --- broken downloads and interrupted runs ------------------------------------------------------------------------

cp "$sums" "$work/sums"
sed -i "s/^....\(.*_$(sh -uc '. "$0"; architecture' "$work/repo/ci/openssl-lib.sh")\.deb\)/0000\1/" "$sums"
run LIBSSL_DEBS="$debs" LIBSSL_DEST="$work/x" "$script"
refuses 'wrong checksum' 'wrong checksum' '\.deb' 'openssl\.sha256'
run LIBSSL_DEST="$work/x" "$script"
refuses 'wrong checksum of a download' 'wrong checksum' '\.deb'
sed "s/$(echo "$version" | sed 's/[.]/\\&/g')/1.1.1w-0+deb11u99/" "$work/sums" >"$sums"
run LIBSSL_DEST="$work/x" "$script"
refuses 'the archive has moved on' "moved from 1.1.1w-0+deb11u99 to $version" LIBSSL_DEBS 'openssl\.sha256'
cp "$work/sums" "$sums"

cp -r "$debs" "$work/truncated" && truncate -s 100000 "$work/truncated"/libssl1.1_*.deb
run LIBSSL_DEBS="$work/truncated" LIBSSL_DEST="$work/x" "$script"
refuses 'truncated .deb' 'wrong checksum' 'libssl1\.1_'
rm "$work/truncated"/libssl1.1_*.deb
run LIBSSL_DEBS="$work/truncated" LIBSSL_DEST="$work/x" "$script"
refuses 'LIBSSL_DEBS without a file' 'has no' 'libssl1\.1_' LIBSSL_DEBS
[ ! -e "$work/x" ] && [ ! -e "$work/x.tmp" ]; holds 'failures leave nothing'

fake "$work/stuck" dpkg-deb <<-EOF
	mkdir -p "\$3/usr/lib"; echo \$\$ >"$work/stuck/pid"; exec sleep 60
EOF
PATH=$work/stuck:$PATH LIBSSL_DEBS=$debs LIBSSL_DEST=$work/killed "$script" >"$work/out" 2>"$work/err" &
until [ -s "$work/stuck/pid" ]; do sleep 0.1; done
kill -9 $!; wait $! 2>/dev/null; kill "$(cat "$work/stuck/pid")"
[ -e "$work/killed.tmp" ] && [ ! -e "$work/killed" ]; holds 'killed half way'
run LIBSSL_DEBS="$debs" LIBSSL_DEST="$work/killed" "$script"
succeeds 'and run again' "$work/killed"

fake "$work/slow" dpkg-deb <<-EOF
	echo >>"$work/slow/calls"; sleep 0.5; exec /usr/bin/dpkg-deb "\$@"
EOF
PATH=$work/slow:$PATH LIBSSL_DEBS=$debs LIBSSL_DEST=$work/twice "$script" >"$work/first" 2>&1 &
until [ -s "$work/slow/calls" ]; do sleep 0.1; done
run PATH="$work/slow:$PATH" LIBSSL_DEBS="$debs" LIBSSL_DEST="$work/twice" "$script"
wait $!; first=$?
succeeds 'second of two runs at once' "$work/twice"
[ $first = 0 ] && grep -q waiting "$work/err" && [ "$(wc -l <"$work/slow/calls")" = 3 ]
holds 'which waits for the first and unpacks nothing'

mv "$work/twice" "$work/moved"
run LIBSSL_DEBS="$debs" LIBSSL_DEST="$work/moved" PKG_CONFIG_PATH="$work/moved/lib/pkgconfig" "$script"
succeeds 'a folder that was moved' "$work/moved"
rm "$work/moved/lib/libssl.so.1.1"
run LIBSSL_DEBS="$debs" LIBSSL_DEST="$work/moved" "$script"
succeeds 'a folder that lost a library' "$work/moved"

# --- refusals -----------------------------------------------------------------------------------------------------

start=$(milliseconds)
run -u LIBSSL_SECURITY_MIRROR LIBSSL_MIRROR=http://127.0.0.1:9/debian LIBSSL_DEST="$work/x" "$script"
refuses "unreachable mirror ($(($(milliseconds) - start)) ms)" 'no Debian mirror could be reached' LIBSSL_MIRROR LIBSSL_DEBS
commands_without "$work/no-apt" apt-get
run PATH="$work/no-apt" LIBSSL_DEST="$work/x" "$script"
refuses 'no apt' 'no apt-get' LIBSSL_DEBS "libssl1.1_"
commands_without "$work/no-tools" apt-get pkg-config gcc
run PATH="$work/no-tools" LIBSSL_DEST="$work/x" "$script"
refuses 'missing tools' 'not found: *pkg-config' 'apt-get install'
mkdir -p "$work/three/lib64/pkgconfig" && echo 'Version: 3.0.17' >"$work/three/lib64/pkgconfig/libssl.pc"
run OPENSSL_PREFIX="$work/three" "$script"
refuses 'OPENSSL_PREFIX of OpenSSL 3' 'OpenSSL 3\.0\.17, not 1\.1\.1' OPENSSL_PREFIX unset
run OPENSSL_PREFIX="$work/nowhere" "$script"
refuses 'OPENSSL_PREFIX of nothing' 'no lib/pkgconfig/libssl\.pc' OPENSSL_PREFIX unset
fake "$work/riscv" dpkg <<-EOF
	echo riscv64
EOF
run PATH="$work/riscv:$PATH" LIBSSL_DEST="$work/x" "$script"
refuses 'unsupported architecture' riscv64 OPENSSL_PREFIX
run LIBSSL_DEST="$work/with blank/x" "$script"
refuses 'a path with a blank' 'with blank' LIBSSL_DEST
mkdir "$work/foreign" && echo precious >"$work/foreign/file"
run LIBSSL_DEBS="$debs" LIBSSL_DEST="$work/foreign" "$script"
refuses 'a folder of somebody else' "$work/foreign exists" 'LIBSSL_DEST'
[ "$(cat "$work/foreign/file")" = precious ]; holds 'which is left alone'
run "$script" --help-me
refuses 'unknown argument' usage

# --- programs run without LD_LIBRARY_PATH -------------------------------------------------------------------------

export PKG_CONFIG_PATH="$dest/lib/pkgconfig"
mkdir "$work/c" "$work/go"
cat >"$work/c/main.c" <<'EOF'
#include <openssl/ssl.h>
int main(void) { SSL_CTX *c = SSL_CTX_new(TLS_method()); int bad = c == NULL; SSL_CTX_free(c); return bad; }
EOF
cd "$work/c" || exit 1
# shellcheck disable=SC2046 # a list
run gcc -o c main.c -Wl,--as-needed $(pkg-config --cflags --libs libssl) && ./c && ! readelf -d c | grep -q 'NEEDED.*crypto'
holds 'C program of SSL_* only, not linked with libcrypto'

printf 'module program\n\ngo 1.24\n' >"$work/go/go.mod"
cat >"$work/go/main.go" <<'EOF'
package main

// #cgo pkg-config: libssl
// #include <openssl/ssl.h>
// static long check(int early) {
//     SSL_SESSION *s = SSL_SESSION_new();
//     SSL_SESSION_set_time(s, 42);
//     if (early) SSL_SESSION_free(s);
//     long t = SSL_SESSION_get_time(s); // inside libssl, of freed memory if early
//     if (!early) SSL_SESSION_free(s);
//     return t;
// }
import "C"
import "os"

func main() { os.Exit(int(C.check(C.int(len(os.Args)-1)) - 42)) }
EOF
cd "$work/go" || exit 1
run go build -o g . && [ "$code" = 0 ] && run ./g && [ "$code" = 0 ]
holds 'cgo program'
asan=$ci/../.openssl-asan/lib/pkgconfig
if [ -d "$asan" ]; then # built by ci/openssl-asan.sh
	run PKG_CONFIG_PATH="$asan" go build -asan -o a . && [ "$code" = 0 ] && run ./a && [ "$code" = 0 ]
	holds 'cgo program with AddressSanitizer'
	run ./a early
	[ "$code" != 0 ] && grep -q 'heap-use-after-free' "$work/err" && grep -q 'in SSL_SESSION_get_time' "$work/err"
	holds 'which finds a use after free inside libssl'
else
	echo 'skipped - AddressSanitizer, as ci/openssl-asan.sh has not run'
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
