# What ci/openssl.sh and ci/openssl-asan.sh share: checked downloads, and folders that are either complete or absent.
# Sourced, not run. Variables a user may set:
#   LIBSSL_DEST             where to unpack; default: .openssl in the repository
#   LIBSSL_DEBS             folder that holds the files of ci/openssl.sha256: nothing is downloaded then
#   LIBSSL_MIRROR           Debian mirror; default: the one in the machine's own apt sources
#   LIBSSL_SECURITY_MIRROR  Debian security mirror; default: likewise, or $LIBSSL_MIRROR-security

unset CDPATH
repo=$(cd "$(dirname "$0")/.." && pwd -P)
sums=$repo/ci/openssl.sha256
version=$(sed -n 's/.*  openssl_\(.*\)\.dsc$/\1/p' "$sums")
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
layout=1 # raise it when what is put into a folder changes, so that older folders are made again

say() { printf 'libssl: %s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# need COMMAND:PACKAGE,PACKAGE... installs the packages of missing commands where it can, or names them.
need() {
	missing='' packages=''
	for pair; do
		have "${pair%%:*}" && continue
		missing="$missing ${pair%%:*}"
		packages="$packages $(echo "${pair#*:}" | tr , ' ')"
	done
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" = 0 ] && have apt-get; then
		say "not found:$missing; installing$packages"
		apt-get -qq update >&2 || :
		# shellcheck disable=SC2086 # a list
		DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $packages >&2 ||
			die "apt-get could not install$packages; install them by hand and run this again."
	else
		die "not found:$missing. Install them (on Debian: apt-get install$packages) and run this again."
	fi
}

# usable_path PATH refuses a path that cannot stand in a .pc file: pkg-config and cgo lose quotes inside -Wl,-rpath.
usable_path() {
	case $1 in
	*[!A-Za-z0-9/._+@~-]*)
		die "the path '$1' has a blank or a sign that pkg-config and cgo cannot carry; use another path" \
			"(LIBSSL_DEST=FOLDER chooses where OpenSSL is unpacked)." ;;
	esac
}

# absolute PATH prints it with symbolic links resolved, and makes its parent.
absolute() {
	mkdir -p "$(dirname "$1")" 2>/dev/null && parent=$(cd "$(dirname "$1")" && pwd -P) ||
		die "cannot make the folder of $1; set LIBSSL_DEST to a place that you can write to."
	echo "$parent/$(basename "$1")"
}

architecture() {
	if [ "$(uname -s)" != Linux ]; then uname -s
	elif have dpkg; then dpkg --print-architecture
	else uname -m | sed 's/^x86_64$/amd64/; s/^aarch64$/arm64/'
	fi
}

# --- folders that are complete or absent -----------------------------------------------------------------------------

# stamp FOLDER prints what a complete FOLDER's .stamp says. Its own path is part of it, because .pc files, rpaths and
# debug information hold that path: a folder that was moved is made again.
stamp() { echo "layout $layout $(sha256sum <"$sums" | cut -c1-64) $1"; }

# ready FOLDER FILE...: is it complete, and are these files still in it?
ready() {
	[ -f "$1/.stamp" ] && [ "$(cat "$1/.stamp")" = "$(stamp "$1")" ] || return 1
	folder=$1; shift
	for file; do [ -e "$folder/$file" ] || return 1; done
}

# begin FOLDER takes its lock, clears what a killed run left, and makes $tmp, to be filled and handed to finish.
# The lock is an open file, so it falls with the last process that works in $tmp, however that ends.
begin() {
	goal=$1 tmp=$1.tmp
	( : >>"$goal.lock" ) 2>/dev/null ||
		die "cannot write in $(dirname "$goal"); make it writable or set LIBSSL_DEST to a place that is."
	exec 9>>"$goal.lock"
	flock -n 9 || { say "another run is filling $goal; waiting for it"; flock 9; }
	[ ! -e "$goal" ] || [ -f "$goal/.stamp" ] ||
		die "$goal exists and was not made by this script; remove it or set LIBSSL_DEST to another place."
	trap 'rm -rf "$tmp"' EXIT
	trap 'exit 130' HUP INT TERM
	rm -rf "$tmp" "$goal.old" && mkdir "$tmp" || die "cannot clear $tmp; remove it."
}

# finish puts $tmp in $goal's place. The stamp comes last, the rename makes it visible all at once.
finish() {
	stamp "$goal" >"$tmp/.stamp"
	[ ! -e "$goal" ] || mv "$goal" "$goal.old"
	mv "$tmp" "$goal"
	rm -rf "$goal.old"
}

# --- files of Debian's archive ---------------------------------------------------------------------------------------

# locked PATTERN prints the names of the files in the lock file that match.
locked() { sed -n "s/^[0-9a-f]\{64\}  \($1\)\$/\1/p" "$sums"; }

# fetch DIR FILE... fills DIR with these files. Each one has its sum in the lock file, wherever it came from.
fetch() {
	into=$1; shift
	mkdir -p "$into"
	if [ -z "${LIBSSL_DEBS-}" ]; then
		download "$@"
	else
		for file; do
			cp "$LIBSSL_DEBS/$file" "$into/" 2>/dev/null ||
				die "the folder LIBSSL_DEBS=$LIBSSL_DEBS has no readable $file; put it there or unset LIBSSL_DEBS."
		done
	fi
	for file; do
		grep -qxF "$(sha256sum <"$into/$file" | cut -c1-64)  $file" "$sums" ||
			die "wrong checksum: $file is damaged or not the file that ci/openssl.sha256 names;" \
				"delete that copy and get it again${LIBSSL_DEBS:+ (it came from $LIBSSL_DEBS)}."
	done
}

# download FILE... gets them into $into: by apt, which checks the archive's signature, and what its index no longer lists
# (a version that was replaced, or a system without Debian's keys) by name from the archive's pool.
download() {
	byhand="get $(echo "$@") from any copy of Debian's archive and name their folder in LIBSSL_DEBS"
	have apt-get || die "no apt-get here to download OpenSSL $version with; $byhand."
	find_mirrors
	apt=$into/apt
	case $1 in
	*.deb) private_apt deb Packages; what="download $(printf '%s\n' "$@" | sed "s/_.*/=$version/")" ;;
	*) private_apt deb-src Sources; what="source --download-only openssl=$version" ;;
	esac
	say "downloading OpenSSL $version"
	with_apt apt-get update || :
	offered=$(apt-cache -c "$apt/conf" madison openssl 2>/dev/null | awk '{print $3}' | sort -u)
	unconnected='Could not (connect|resolve)|Connection (failed|timed out)|Temporary failure|nable to connect'
	if [ -z "$offered" ] && grep -qE "$unconnected" "$apt/log"; then
		undelivered "$1" # each further step would only wait for its own timeout
	fi
	# shellcheck disable=SC2086 # a list
	with_apt apt-get $what || :
	for file; do [ -f "$into/$file" ] || from_pool "$file" || undelivered "$file"; done
}

find_mirrors() {
	main=${LIBSSL_MIRROR-} security=${LIBSSL_SECURITY_MIRROR-}
	if [ -z "$main$security" ] && grep -qx 'ID=debian' /etc/os-release 2>/dev/null; then
		# apt reads its sources itself, in either of their formats: 'BASE/dists/SUITE/InRelease' for each.
		suites="$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)|stable|oldstable|testing|unstable|sid"
		uris=$(apt-get --print-uris update 2>/dev/null | sed -n "s|^'\(.*\)/dists/\([^/]*\)/InRelease'.*|\2 \1|p")
		main=$(echo "$uris" | grep -E "^($suites) " | sed 's/.* //; q')
		security=$(echo "$uris" | grep -E "^($suites)-security " | sed 's/.* //; q')
	fi
	main=${main%/} security=${security:-${main:+${main%/}-security}}
	[ -n "$security" ] ||
		die "the apt sources here name no Debian mirror; name one in LIBSSL_MIRROR and its security archive in" \
			"LIBSSL_SECURITY_MIRROR, or $byhand."
}

# private_apt TYPE INDEX writes a configuration that shares nothing with the system's packages but proxy and access settings.
# It is read last (-c), so it can clear the system's hooks, which would touch the system's caches. Only the security
# archive's index is read, where 1.1.1w has its last versions; the main archive's is ten times that size.
private_apt() {
	mkdir -p "$apt/lists/partial" "$apt/archives/partial"
	: >"$apt/status"
	signed=''
	[ ! -r "$keyring" ] || signed="signed-by=$keyring"
	echo "$1 [$signed target=$2] $security bullseye-security main" >"$apt/sources"
	cat >"$apt/conf" <<EOF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear APT::Architectures;
APT::Architecture "$(architecture)";
APT::Sandbox::User "root"; // the user _apt need not be able to enter this folder
Dir::State "$apt"; Dir::State::lists "$apt/lists"; Dir::State::status "$apt/status";
Dir::Cache "$apt"; Dir::Cache::archives "$apt/archives";
Dir::Etc::sourcelist "$apt/sources"; Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
Acquire::Languages "none";
Acquire::Retries "1"; Acquire::http::Timeout "20"; Acquire::https::Timeout "20";
Acquire::Check-Valid-Until "false"; // bullseye has ended; the checksums fix the version, so an old index does no harm
EOF
}

# with_apt COMMAND... runs one of apt's programs in $into; what it says goes to a log, as later steps may still succeed.
with_apt() {
	tool=$1; shift
	( cd "$into" && LC_ALL=C "$tool" -c "$apt/conf" -q "$@" ) >>"$apt/log" 2>&1 </dev/null
}

from_pool() {
	sum=$(sed -n "s/  $1\$//p" "$sums")
	for base in "$security/pool/updates" "${main:+$main/pool}"; do
		[ -z "$base" ] || with_apt /usr/lib/apt/apt-helper download-file "$base/main/o/openssl/$1" "$into/$1" \
			"SHA256:$sum" && return
	done
	return 1
}

# undelivered FILE says why a file could not be had. A password in a mirror's address is not shown.
undelivered() {
	why=$(grep -E '^(E|W): ' "$apt/log" | sed 's|//[^/@ ]*@|//|g; q')
	case $offered in
	'') die "no Debian mirror could be reached, or it has no bullseye-security (apt: $why)." \
		"Check the network, name another one in LIBSSL_MIRROR, or $byhand." ;;
	*"$version"*) die "the mirror lists $1 but does not deliver it (apt: $why)." \
		"Try again, name another one in LIBSSL_MIRROR, or $byhand." ;;
	*) die "the mirror has moved from $version to" $offered "and no longer has $1; $byhand," \
		"or move ci/openssl.sha256 to that version (its first lines say how)." ;;
	esac
}

# --- a prefix ---------------------------------------------------------------------------------------------------------

# write_pc FOLDER writes $tmp/lib/pkgconfig for a prefix that will stand in FOLDER. The rpath lets programs run without
# LD_LIBRARY_PATH. It has to be the older DT_RPATH, which holds for libssl's own search for libcrypto too: a program that
# calls SSL_* only is not linked with libcrypto itself.
write_pc() {
	mkdir -p "$tmp/lib/pkgconfig"
	for name in libcrypto libssl openssl; do
		{
			printf '%s\n' "prefix=$1" 'libdir=${prefix}/lib' 'includedir=${prefix}/include' \
				"Name: $name" "Description: OpenSSL, Debian $version" "Version: ${version%%-*}"
			case $name in
			libcrypto) echo 'Libs.private: -ldl -pthread' ;;
			libssl) echo 'Requires.private: libcrypto' ;;
			openssl) echo 'Requires: libssl libcrypto'; continue ;;
			esac
			echo "Libs: -L\${libdir} -l${name#lib} -Wl,-rpath,\${libdir} -Wl,--disable-new-dtags"
			echo 'Cflags: -I${includedir}'
		} >"$tmp/lib/pkgconfig/$name.pc"
	done
	echo "$version" >"$tmp/VERSION"
}

# answer PKG_CONFIG_PATH ends a script: the path alone, or the lines for a shell, on the real standard output.
answer() {
	if [ -z "$print_env" ]; then
		echo "$1" >&3
	else
		[ -z "$1" ] || echo "export PKG_CONFIG_PATH='$1'" >&3
		echo 'export OPENSSL_CONF=/dev/null' >&3 # distributions' files change minimum version and security level
	fi
	exit 0
}
