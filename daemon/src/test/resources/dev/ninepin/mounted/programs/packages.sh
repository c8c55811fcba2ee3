#!/bin/sh
# dpkg unpacks packages, upgrades them to ones that share, move and drop files, verifies, removes and purges them.
#   packages FILES
set -eu

count=$1
beside=$(mktemp -d)
trap 'rm -rf "$beside"' EXIT

# Package $1 in version $2, with files from number $3 on.
build() {
    tree=$beside/$1
    rm -rf "$tree"
    mkdir -p "$tree/DEBIAN" "$tree/usr/share/$1/deep/er" "$tree/etc" "$tree/usr/bin"
    for i in $(seq "$3" $(($3 + count))); do
        seq $((i % 7 * 300)) >"$tree/usr/share/$1/deep/file$i"
        ln -s "../file$i" "$tree/usr/share/$1/deep/er/link$i"
    done
    ln "$tree/usr/share/$1/deep/file$3" "$tree/usr/share/$1/hard"
    echo "version $2" >"$tree/etc/$1.conf"
    echo "/etc/$1.conf" >"$tree/DEBIAN/conffiles"
    cp /bin/true "$tree/usr/bin/$1"
    chmod 4755 "$tree/usr/bin/$1"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: Someone <someone@example.org>\nDescription: none\n' \
        "$1" "$2" >"$tree/DEBIAN/control"
    (cd "$tree" && find . -type f ! -path './DEBIAN/*' -printf '%P\n' | xargs md5sum >DEBIAN/md5sums)
    dpkg-deb --root-owner-group -Znone -b "$tree" "$beside/$1_$2.deb" >/dev/null
}

dpkg() {
    command dpkg --root="$PWD/root" --log=/dev/null --force-not-root "$@" >"$beside/log" 2>&1 || { cat "$beside/log"; exit 1; }
}

verified() {
    dpkg --verify
    if [ -s "$beside/log" ]; then
        cat "$beside/log"
        exit 1
    fi
}

build one 1 1
build one 2 $((count / 2))
build two 1 1
mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates
: >root/var/lib/dpkg/status
: >root/var/lib/dpkg/available
dpkg -i "$beside/one_1.deb" "$beside/two_1.deb"
verified
dpkg -i "$beside/one_2.deb"
verified
[ "$(cat root/etc/one.conf)" = 'version 2' ]
[ ! -e root/usr/share/one/deep/file1 ]
(cd "$EXPORT/root" && md5sum --quiet -c "$beside/two/DEBIAN/md5sums")
[ "$(stat -c %a root/usr/bin/two)" = 4755 ]
[ "$(find root/usr -links +1 -type f | wc -l)" = 4 ]
echo changed >root/usr/bin/two
command dpkg --root="$PWD/root" --verify two | grep -q '^..5......   /usr/bin/two$'
dpkg -i "$beside/two_1.deb"
verified
dpkg --remove one two
[ "$(find root/etc -type f | wc -l)" = 2 ]
dpkg --purge one two
[ -z "$(find root -path root/var -prune -o -type f -print)" ]
[ -z "$(find "$EXPORT/root" -path "$EXPORT/root/var" -prune -o -type f -print)" ]
