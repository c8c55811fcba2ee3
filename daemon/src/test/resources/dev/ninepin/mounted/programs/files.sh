#!/bin/sh
# The tools for whole trees: cp, tar, cpio, rsync, find, du, rm. What one of them has carried here and back is what it was.
#   files FILES
set -eu

count=$1
beside=$(mktemp -d)
trap 'rm -rf "$beside"' EXIT
source=$beside/source
tar_acls=
rsync_acls=
: >probe
if setfacl -m u:1:r probe 2>/dev/null; then
    tar_acls=--acls
    rsync_acls=-A
fi
rm probe

"${PYTHON:-python3}" -c '
from mounttest import *
root, count = sys.argv[1], int(sys.argv[2])
make_tree(root, count, min(60, count // 3))
write(root + "/xattrs", b"text")
os.setxattr(root + "/xattrs", "user.note", b"\xff\x00bytes")
for i in range(8):
    with open(root + "/sparse%d" % i, "wb") as f:
        f.seek((i + 1) << 16)
        f.write(b"in the middle")
        f.truncate(9 << 16 if i % 2 else (i + 1 << 16) + 13)
os.chown(root + "/xattrs", 1234, 4321)
os.utime(root + "/xattrs", ns=(1, 2**31 * 10**9 + 123456789))
' "$source" "$count"

# Kinds, modes, owners, sizes, numbers of links, times, targets, without those of the root; times of links if $2 is told.
list() {
    (cd "$1" && find . -mindepth 1 "${2:--true}" -printf '%P %y %m %U:%G %n %T@ %l\0' | sort -z | tr '\0' '\n' &&
        find . -type f -print0 | sort -z | xargs -0 sha256sum && getfattr -R -P -h -d -m '^user\.note' . &&
        if [ -n "$tar_acls" ]; then getfacl -n xattrs; fi)
}

compare() { # WHAT DIRECTORY
    if ! list "$2" >"$beside/is" || ! cmp "$beside/was" "$beside/is"; then
        echo "$1: not the same"
        diff "$beside/was" "$beside/is" | head -n 20
        exit 1
    fi
}

[ -z "$tar_acls" ] || setfacl -m u:1234:rw,g:4321:r "$source/xattrs"
list "$source" >"$beside/was"

cp -a --reflink=auto "$source" copied
compare 'cp -a --reflink=auto' copied
cp -a --reflink=auto copied again
compare 'cp -a within' again
cp -a --sparse=always copied "$beside/back"
compare 'cp -a back' "$beside/back"
[ "$(du -s "$beside/back" | cut -f 1)" -le "$(du -s "$source" | cut -f 1)" ]

tar -C "$source" --sparse --xattrs $tar_acls --numeric-owner --format=pax -cf archive.tar .
mkdir unpacked
tar -C unpacked --warning=no-timestamp --xattrs --xattrs-include='*' $tar_acls --numeric-owner -xpf archive.tar
compare 'tar -x' unpacked
tar -C unpacked --compare -f archive.tar
tar -C unpacked --sparse --xattrs $tar_acls --numeric-owner --format=pax -cf "$beside/archive.tar" .
tar -C "$source" --compare -f "$beside/archive.tar"
# In KiB; the server may need a block for the attributes of each.
[ "$(du -c unpacked/sparse* | tail -n 1 | cut -f 1)" -le $(($(du -c "$source"/sparse* | tail -n 1 | cut -f 1) + 8 * 8)) ]

# What has not changed is in no second archive, by numbers and times of change.
find again -exec touch -h -d 2020-01-01 {} +
sleep 1.1
tar -C again --listed-incremental="$beside/state" -cf "$beside/full.tar" .
tar -C again --listed-incremental="$beside/state" -cf "$beside/nothing.tar" .
tar -tf "$beside/nothing.tar" >"$beside/names"
[ "$(grep -c '/$' "$beside/names")" = "$(wc -l <"$beside/names")" ]

(cd "$source" && find . -depth -print0 | cpio --quiet -C 65536 -0 -o -H newc) >archive.cpio 2>/dev/null
mkdir cpio
(cd cpio && cpio --quiet -C 65536 -idm --no-absolute-filenames <../archive.cpio)
diff -r --no-dereference "$source" cpio

rsync -aHXS $rsync_acls --numeric-ids "$source/" synchronized
compare 'rsync -aHAXS' synchronized
[ -z "$(rsync -aHXS $rsync_acls --numeric-ids --checksum --delete --itemize-changes "$source/" synchronized)" ]
[ -z "$(rsync -aHX $rsync_acls --numeric-ids --checksum --delete --itemize-changes copied/ synchronized)" ]
rsync -aHX $rsync_acls --numeric-ids --inplace --no-whole-file --checksum --ignore-times synchronized/ unpacked
compare 'rsync --inplace' unpacked

# Here and there are alike.
for tree in copied again unpacked synchronized; do
    find "$tree" -type f -print0 | sort -z | xargs -0 sha256sum >"$beside/here"
    (cd "$EXPORT" && sha256sum --quiet -c "$beside/here")
done
find . -printf '%p %i %s %n %b %T@ %C@\0' | sort -z >"$beside/here"
(cd "$EXPORT" && find . -printf '%p %i %s %n %b %T@ %C@\0' | sort -z) >"$beside/there"
cmp "$beside/here" "$beside/there"
[ "$(du -s . | cut -f 1)" = "$(du -s "$EXPORT" | cut -f 1)" ]
[ "$(find . -type f -links +1 | wc -l)" = "$(find "$EXPORT" -type f -links +1 | wc -l)" ]

mv copied moved
mv moved "$beside/moved"
compare 'mv out' "$beside/moved"
mv "$beside/moved" back
compare 'mv in' back
rm -rf ./back ./again ./unpacked ./cpio ./synchronized archive.tar archive.cpio
[ -z "$(ls -A)" ]
[ -z "$(ls -A "$EXPORT")" ]
