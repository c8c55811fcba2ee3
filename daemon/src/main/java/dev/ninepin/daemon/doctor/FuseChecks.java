package dev.ninepin.daemon.doctor;

import dev.ninepin.daemon.host.Reason;
import dev.ninepin.daemon.host.RuntimeDirectory;
import dev.ninepin.daemon.host.ShellText;
import dev.ninepin.daemon.host.User;
import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.mount.MountChecks;
import dev.ninepin.os.ThreadStatus;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/** Checks of what every mount needs: Java, FUSE in the kernel, libfuse, and the permission to mount. */
final class FuseChecks {
    private static final int JAVA_NEEDED = 17;

    private static final String DEVICE = "/dev/fuse";
    private static final String CONFIGURATION = "/etc/fuse.conf";
    private static final int SET_UID = 04000;

    /** Loads libfuse, or throws if it is not installed. */
    @FunctionalInterface
    interface Loader {
        void load() throws IOException;
    }

    private final HostFiles host;
    private final User user;
    private final boolean allowOther;

    /** @param allowOther whether the mount in question has the option {@code allow_other} */
    FuseChecks(final HostFiles host, final User user, final boolean allowOther) {
        this.host = host;
        this.user = user;
        this.allowOther = allowOther;
    }

    List<Doctor.Check> all() {
        return List.of(
                () -> List.of(java(Runtime.version().feature())),
                () -> List.of(kernel()),
                () -> List.of(library(LibFuse::get)),
                () -> List.of(privileges()),
                () -> List.of(allowOther()),
                () -> List.of(
                        controlSockets(RuntimeDirectory.of(user, System::getenv).path())));
    }

    Finding java(final int version) {
        return version >= JAVA_NEEDED
                ? Finding.ok("Java", "version " + version)
                : Finding.fail(
                        "Java",
                        "version " + version + " is too old; Ninepin needs " + JAVA_NEEDED + " or newer",
                        host.install("default-jre-headless", "java-" + JAVA_NEEDED + "-openjdk-headless"));
    }

    Finding kernel() {
        final Path device = host.at(DEVICE);
        final boolean known = host.lines("/proc/filesystems").stream()
                .anyMatch(line -> line.strip().replaceAll("\\s+", " ").equals("nodev fuse"));
        if (!Files.exists(device)) {
            return known
                    ? Finding.fail(
                            "kernel FUSE",
                            "the kernel has it, but " + DEVICE + " does not exist",
                            "mknod -m 666 " + DEVICE
                                    + " c 10 229; for a container: docker run --cap-add SYS_ADMIN --device " + DEVICE)
                    : Finding.fail("kernel FUSE", "it is not loaded", "modprobe fuse");
        }
        try (FileChannel opened = FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return Finding.ok("kernel FUSE", DEVICE + (opened.isOpen() ? " opens" : " does not stay open"));
        } catch (final AccessDeniedException e) {
            return Finding.fail(
                    "kernel FUSE",
                    "this user has no permission to open " + DEVICE,
                    "chmod 666 " + DEVICE + ", as root");
        } catch (final IOException e) {
            return known
                    ? Finding.fail(
                            "kernel FUSE",
                            "cannot open " + DEVICE + ": " + Reason.of(e),
                            "in a container, give it access to the device: docker run --device " + DEVICE)
                    : Finding.fail(
                            "kernel FUSE",
                            DEVICE + " exists, but the kernel module fuse is not loaded",
                            "modprobe fuse");
        }
    }

    Finding library(final Loader loader) {
        try {
            loader.load();
            return Finding.ok("libfuse 2", "libfuse.so.2 loads");
        } catch (final IOException e) {
            final boolean isNewDebian = host.lines("/etc/os-release").stream().anyMatch(FuseChecks::isSince64BitTime);
            return Finding.fail(
                    "libfuse 2",
                    "libfuse.so.2 does not load",
                    host.install(isNewDebian ? "libfuse2t64" : "libfuse2", "fuse-libs"));
        }
    }

    /**
     * Returns whether the line of os-release names Debian 13, Ubuntu 24.04 or later. These releases renamed library
     * packages for 64-bit time.
     */
    private static boolean isSince64BitTime(final String line) {
        return List.of(
                        "VERSION_CODENAME=trixie",
                        "VERSION_CODENAME=forky",
                        "VERSION_CODENAME=sid",
                        "VERSION_CODENAME=noble",
                        "VERSION_CODENAME=plucky",
                        "VERSION_CODENAME=questing")
                .contains(line.strip().replace("\"", ""));
    }

    Finding privileges() {
        if (user.isRoot()) {
            return ThreadStatus.of(host.lines("/proc/self/status")).mayMount()
                    ? Finding.ok("privileges", "root")
                    : Finding.fail(
                            "privileges",
                            "root, but without CAP_SYS_ADMIN, which mounting requires",
                            "give it to the container: docker run --cap-add SYS_ADMIN --device " + DEVICE);
        }
        final Optional<Path> helper = host.program("fusermount").or(() -> host.program("fusermount3"));
        if (helper.isEmpty()) {
            return Finding.fail(
                    "privileges",
                    "not root, and fusermount is missing, which users other than root need for mounting",
                    host.install("fuse3", "fuse3"));
        }
        try {
            if (((Integer) Files.getAttribute(helper.get(), "unix:mode") & SET_UID) != 0) {
                return Finding.ok("privileges", "not root, but fusermount mounts for users");
            }
        } catch (final IOException e) {
            return Finding.fail(
                    "privileges", "cannot read the mode of " + helper.get() + ": " + Reason.of(e), "mount as root");
        }
        return Finding.fail(
                "privileges",
                "not root, and fusermount is not set-user-ID, so users can't mount",
                "chown root " + ShellText.quote(helper.get()) + " && chmod u+s " + ShellText.quote(helper.get())
                        + ", as root");
    }

    Finding allowOther() {
        if (user.isRoot()) {
            return Finding.ok("allow_other", "available to root");
        }
        return MountChecks.permitsAllowOther(host.at(CONFIGURATION))
                ? Finding.ok("allow_other", CONFIGURATION + " permits it to all users")
                : Finding.missing(
                        allowOther,
                        "allow_other",
                        CONFIGURATION + " permits this option to root only",
                        "echo user_allow_other >> " + CONFIGURATION + ", as root");
    }

    /** Checks that the directory of the control sockets exists or can be created. */
    Finding controlSockets(final Path directory) {
        Path existing = directory;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        if (Files.isDirectory(existing) && Files.isWritable(existing)) {
            return Finding.ok("control sockets", directory + (existing.equals(directory) ? "" : " can be created"));
        }
        return Finding.fail(
                "control sockets",
                "cannot create " + directory + ": " + existing + " is not a directory that this user may write to",
                "install -d -m 700 -o " + user.uid() + " " + ShellText.quote(directory) + ", as root");
    }
}
