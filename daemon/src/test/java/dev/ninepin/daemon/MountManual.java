package dev.ninepin.daemon;

import java.util.List;
import java.util.stream.Stream;

/**
 * The options that mount(8) has for every file system. Source: its manual, "Filesystem-independent mount options", and
 * libmount's tables (libmount/src/optmap.c), util-linux 2.38 to 2.41. Left out is what libmount does itself, and tells no
 * helper of: loop devices, verity, bind mounts, propagation.
 */
public final class MountManual {
    /** Those that ask for something. */
    public static final List<String> FLAGS = List.of(
            "noatime",
            "nodiratime",
            "noexec",
            "nosuid",
            "nodev",
            "nosymfollow",
            "ro",
            "sync",
            "dirsync",
            "lazytime",
            "relatime",
            "iversion",
            "mand",
            "silent",
            "user",
            "users",
            "owner",
            "group",
            "noauto",
            "_netdev",
            "nofail",
            "comment=mine",
            "helper=ninepin",
            "uhelper=ninepin",
            "X-mount.mkdir=0755",
            "X-mount.noloop",
            "x-systemd.automount");

    /** Those that take it back, and a few that go with none of the others. */
    public static final List<String> OPPOSITES = List.of(
            "defaults",
            "atime",
            "diratime",
            "strictatime",
            "norelatime",
            "nolazytime",
            "noiversion",
            "nomand",
            "loud",
            "nouser",
            "nousers",
            "noowner",
            "nogroup",
            "auto",
            "exec",
            "suid",
            "dev",
            "symfollow",
            "rw",
            "async",
            "nostrictatime");

    /** With the layer of a flag, which mount(8) has from 2.39 on. */
    public static final List<String> LAYERED =
            List.of("ro=vfs", "rw=fs", "noexec=recursive", "nosuid=vfs", "noatime=recursive", "nosymfollow=vfs");

    /** For SELinux; mount(8) leaves them out where there is none. */
    public static final List<String> CONTEXTS = List.of(
            "context=system_u:object_r:removable_t",
            "context=\"system_u:object_r:tmp_t:s0:c127,c456\"",
            "fscontext=system_u:object_r:tmp_t",
            "defcontext=system_u:object_r:tmp_t",
            "rootcontext=system_u:object_r:tmp_t");

    /** Returns all of them. */
    public static Stream<String> all() {
        return Stream.of(FLAGS, OPPOSITES, LAYERED, CONTEXTS).flatMap(List::stream);
    }

    private MountManual() {}
}
