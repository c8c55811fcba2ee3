#!/bin/sh
# A Debian is made here, and lives: apt installs packages in it, and all files are what their packages say. The mount
# needs dev and suid, the server devices.
#   chroot MIRROR PACKAGE…
set -eu

mirror=$1
shift
unshare --mount --pid --fork --kill-child --mount-proc \
    debootstrap --variant=minbase bookworm root "$mirror" >debootstrap.log 2>&1 || { tail -n 20 debootstrap.log; exit 1; }
inside() {
    unshare --mount --pid --fork --kill-child \
        sh -euc 'mount -t proc proc root/proc; exec chroot root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"' sh "$@"
}
cp /etc/resolv.conf root/etc/resolv.conf
printf 'deb %s bookworm main\n' "$mirror" >root/etc/apt/sources.list
inside apt-get -q update >apt.log 2>&1 || { tail -n 20 apt.log; exit 1; }
inside apt-get -q -y install --no-install-recommends "$@" >>apt.log 2>&1 || { tail -n 20 apt.log; exit 1; }
inside dpkg --audit
verified() {
    # Debian's minbase has no documents removed, and all that changed is configuration.
    inside dpkg --verify | grep -v ' c /' || true
}
[ -z "$(verified)" ] || { verified; exit 1; }
inside sh -euc 'perl -e "print qq(perl\n)"; su nobody -s /bin/sh -c "id -un"; [ -c /dev/null ]; echo >/dev/null'
[ "$(stat -c %a root/usr/bin/passwd)" = 4755 ]
inside apt-get -q -y purge "$@" >>apt.log 2>&1
inside apt-get -q -y autoremove --purge >>apt.log 2>&1
[ -z "$(verified)" ]
inside dpkg --audit
