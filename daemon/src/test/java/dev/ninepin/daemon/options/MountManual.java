package dev.ninepin.daemon.options;

import java.util.List;
import java.util.stream.Stream;

/**
 * The options that mount(8) has for every file system. Sources: section "Filesystem-independent mount options" of its
 * manual, and the tables of libmount (libmount/src/optmap.c), util-linux 2.38 to 2.41. The list omits options that
 * libmount handles without a helper: loop devices, verity, bind mounts and propagation.
 */
public final class MountManual {
    /** The options that set a flag. */
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

    /** The options that clear a flag, and a few without an opposite. */
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

    /** Options with the layer of a flag, which mount(8) accepts since 2.39. */
    public static final List<String> LAYERED =
            List.of("ro=vfs", "rw=fs", "noexec=recursive", "nosuid=vfs", "noatime=recursive", "nosymfollow=vfs");

    /** Options for SELinux. mount(8) drops them on systems without SELinux. */
    public static final List<String> CONTEXTS = List.of(
            "context=system_u:object_r:removable_t",
            "context=\"system_u:object_r:tmp_t:s0:c127,c456\"",
            "fscontext=system_u:object_r:tmp_t",
            "defcontext=system_u:object_r:tmp_t",
            "rootcontext=system_u:object_r:tmp_t");

    /** Returns all options. */
    public static Stream<String> all() {
        return Stream.of(FLAGS, OPPOSITES, LAYERED, CONTEXTS).flatMap(List::stream);
    }

    private MountManual() {}
}
