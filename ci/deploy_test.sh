#!/bin/sh
# ci/deploy_test.sh does what docs/DEPLOY.md says: it builds ci/deploy in a module outside of this repository, ships it into an otherwise empty
# root, and runs it there. A command or an error that stands differently in the document fails it. As root it also tries an ordinary user.
set -u
ci=$(cd "$(dirname "$0")" && pwd -P)
repo=${ci%/*}
doc=$repo/docs/DEPLOY.md testdata=$repo/conformance/testdata
unset OPENSSL_PREFIX PKG_CONFIG_PATH LD_LIBRARY_PATH LD_PRELOAD OPENSSL_CONF SSL_CERT_FILE SSL_CERT_DIR CGO_LDFLAGS CDPATH GOFLAGS
export LIBSSL_DEST=$repo/.openssl GOWORK=off # what make has unpacked; a user's goes to the cache directory

work=$(mktemp -d) && chmod 755 "$work" || exit 1
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
passed=0 failed=0

result() { # result NAME PROBLEM...: no problem means that the case passed
	title=$1; shift
	if [ -z "$*" ]; then
		passed=$((passed + 1)); echo "ok - $title"
	else
		failed=$((failed + 1)); echo "not ok - $title:$*"
		sed 's/^/    /' "$work/out"
	fi
}
step() { # step LINE runs a line of the document in this shell, which it may change
	: >"$work/out"
	grep -qxF -e "$1" "$doc" || { result "$1" ' not a line of docs/DEPLOY.md'; exit 1; }
	eval "$1" >"$work/out" 2>&1 || { result "$1" " exit code $?"; exit 1; }
}
inside() { # inside [VARIABLE=VALUE...]: runs the program in the new root, as anybody may in a namespace of his own
	code=0
	env -i "$@" unshare -rm sh -c "$mount"' && exec chroot root /app/app /app/server.pem /app/server.key' >"$work/out" 2>&1 || code=$?
}
resumes() { # resumes NAME
	problem=''
	[ "$code" = 0 ] || problem="$problem exit code $code;"
	grep -qxE 'OpenSSL 1\.1\.1.*, resumed: true' "$work/out" || problem="$problem not resumed;"
	result "$1" "$problem"
}
says() { # says NAME CODE: one line, which the document quotes
	problem=''
	[ "$code" = "$2" ] || problem="$problem exit code $code, not $2;"
	[ "$(wc -l <"$work/out")" = 1 ] && grep -qxF -f "$work/out" "$doc" || problem="$problem not what docs/DEPLOY.md says;"
	result "$1" "$problem"
}

# --- a module elsewhere, and a copy of this one that nobody can write to, as in the module cache -------------------

mkdir "$work/libssl" "$work/module" && cd "$repo" &&
	git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C "$work/libssl" && chmod -R a-w "$work/libssl" &&
	cp "$ci/deploy/main.go" "$work/module/" && cd "$work/module" || exit 1
printf '%s\n' 'module example' '' 'go 1.24' '' 'require github.com/seed-c1436005/libssl v0.0.0' '' \
	"replace github.com/seed-c1436005/libssl => $work/libssl" >go.mod

code=0
PKG_CONFIG_LIBDIR=/dev/null go build -o app . 2>&1 | grep '^Package libssl was' >"$work/out" || code=$?
says 'without the environment' 0
step 'eval "$(go run github.com/seed-c1436005/libssl/cmd/libssl-env)"'
step 'go build -o app .'
code=0
SSL_CERT_FILE=$testdata/ca.pem ./app "$testdata/server.pem" "$testdata/server.key" >"$work/out" 2>&1 || code=$?
resumes 'where it was built'
step "go build -ldflags='-r \$ORIGIN' -o app ."
step 'mkdir -p root/app root/lib64 root/lib/x86_64-linux-gnu root/proc'
step 'L=$(pkg-config --variable=libdir libssl)'
step 'cp app "$L/libssl.so.1.1" "$L/libcrypto.so.1.1" root/app/'
step 'cd /lib/x86_64-linux-gnu && cp libc.so.6 libpthread.so.0 libdl.so.2 "$OLDPWD/root/lib/x86_64-linux-gnu/" && cd "$OLDPWD"'
step 'cp /lib64/ld-linux-x86-64.so.2 root/lib64/'
cp "$testdata/ca.pem" "$testdata/server.pem" "$testdata/server.key" root/app/

# --- it runs there ----------------------------------------------------------------------------------------------

proc='mount --rbind /proc root/proc' # gone with the namespace
mount=$proc
conf='OPENSSL_CONF=/dev/null'
inside "$conf" SSL_CERT_FILE=/app/ca.pem
resumes 'in an empty root'
mkdir -p root/usr/lib/ssl && cp root/app/ca.pem root/usr/lib/ssl/cert.pem
inside "$conf"
resumes 'with the CA certificates where libcrypto looks by default'
rm -r root/usr
inside "$conf"
says 'without CA certificates' 1
mkdir -p root/usr/lib/ssl
printf '%s\n' openssl_conf=a '[a]' ssl_conf=b '[b]' system_default=c '[c]' CipherString=DEFAULT@SECLEVEL=5 >root/usr/lib/ssl/openssl.cnf
inside "$conf" SSL_CERT_FILE=/app/ca.pem
resumes 'with OPENSSL_CONF, whatever the system configures'
inside SSL_CERT_FILE=/app/ca.pem
[ "$code" = 1 ] && grep -q 'key too small' "$work/out"
result 'which shows without it' "$([ $? = 0 ] || echo " exit code $code")"
rm -r root/usr
if [ "$(id -u)" = 0 ]; then
	chmod -R a+rX root
	code=0
	runuser -u nobody -- env -i SSL_CERT_FILE=/app/ca.pem \
		unshare -rm sh -c "$mount"' && exec chroot root /app/app /app/server.pem /app/server.key' >"$work/out" 2>&1 || code=$?
	resumes 'as an ordinary user'
else
	echo 'skipped - as another user, which needs root'
fi

# --- what goes wrong --------------------------------------------------------------------------------------------

mount=true
inside "$conf" SSL_CERT_FILE=/app/ca.pem
says 'without /proc, which $ORIGIN needs' 127
inside "$conf" SSL_CERT_FILE=/app/ca.pem LD_LIBRARY_PATH=/app
resumes 'but with LD_LIBRARY_PATH'
mount=$proc

mv root/app/libssl.so.1.1 .
inside "$conf"
says 'without libssl.so.1.1' 127
printf 'OPENSSL_1_1_0 { };\n' >old.map && echo 'int old;' | cc -shared -fPIC -x c - -Wl,-soname,libssl.so.1.1,--version-script=old.map -o root/app/libssl.so.1.1
inside "$conf"
sed -i "/OPENSSL_1_1_1[a-z]'/d" "$work/out" # a line for each version that has symbols the program uses
says 'with the libssl.so.1.1 of OpenSSL 1.1.0' 1
mv libssl.so.1.1 root/app/

echo 'unsigned long OpenSSL_version_num(void) { return 0x1010007fL; }' | cc -shared -fPIC -x c - -o root/app/other.so
mkdir root/etc && echo /app/other.so >root/etc/ld.so.preload
inside "$conf"
says 'with a library of another version before it' 1
rm -r root/etc

# A prefix without an rpath in its .pc files, as the systems' are.
mkdir -p "$work/prefix/lib/pkgconfig" && libdir=$(pkg-config --variable=libdir libssl) &&
	ln -s "$libdir"/lib*.so* "$work/prefix/lib/" && ln -s "$(pkg-config --variable=includedir libssl)" "$work/prefix/include" || exit 1
for pc in libssl libcrypto; do
	sed "s|^prefix=.*|prefix=$work/prefix|; s|^libdir=.*|libdir=$work/prefix/lib|; s|^includedir=.*|includedir=$work/prefix/include|; s| -Wl,-rpath.*||" \
		"$libdir/pkgconfig/$pc.pc" >"$work/prefix/lib/pkgconfig/$pc.pc"
done
export OPENSSL_PREFIX=$work/prefix
if [ "$(id -u)" = 0 ]; then
	go build -o "$work/libssl-env" github.com/seed-c1436005/libssl/cmd/libssl-env &&
		[ "$(runuser -u nobody -- env -i PATH="$PATH" HOME=/nonexistent OPENSSL_PREFIX="$OPENSSL_PREFIX" \
			"$work/libssl-env" id -un 2>"$work/out")" = nobody ]
	result 'libssl-env as an ordinary user' "$([ $? = 0 ] || echo ' it fails')"
fi
step 'go run github.com/seed-c1436005/libssl/cmd/libssl-env go build -o app .'
cp app root/app/
inside "$conf" SSL_CERT_FILE=/app/ca.pem
says 'without an rpath' 127
step "go run github.com/seed-c1436005/libssl/cmd/libssl-env go build -ldflags='-r \$ORIGIN' -o app ."
cp app root/app/
inside "$conf" SSL_CERT_FILE=/app/ca.pem
resumes 'with the rpath of go build alone'

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
