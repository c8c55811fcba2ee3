#!/bin/sh
# fio writes, reads and verifies at random, in all ways that a program may: read and write, maps, asynchronous, direct.
#   fio SECONDS MIB
set -eu

seconds=$1
size=$2
cat >job.list <<END
[global]
size=${size}m
verify=crc32c
verify_fatal=1
verify_backlog=64
do_verify=1
runtime=$seconds
random_generator=lfsr
fallocate=none
group_reporting=1

[random]
rw=randrw
bsrange=512-64k
ioengine=psync
numjobs=3
[mapped]
rw=randrw
bs=4k
ioengine=mmap
numjobs=2
[asynchronous]
rw=randrw
bs=8k
iodepth=16
ioengine=libaio
[direct]
rw=randwrite
bs=16k
iodepth=8
direct=1
ioengine=libaio
[ring]
rw=randrw
bs=8k
iodepth=16
ioengine=io_uring
[vectors]
rw=write
bs=128k
ioengine=pvsync2
END
command fio --output=report job.list || { cat report; exit 1; }
if grep -E 'err= *[1-9]|verify:|bad magic' report; then
    exit 1
fi
# What each has written is there, too.
sha256sum ./*.0 >sums
(cd "$EXPORT" && sha256sum --quiet -c sums)
