package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import jnr.constants.platform.Errno;

/**
 * Takes a mount from its directory: root by umount2(2), others through the setuid helper fusermount(1). Any thread;
 * a call may wait for the file system, since the kernel writes what is dirty first.
 */
final class Unmounter {
    private final LibC libc = LibC.get();
    private final MountPoint mountPoint;

    Unmounter(final MountPoint mountPoint) {
        this.mountPoint = mountPoint;
    }

    /**
     * Unmounts what is on top at the mount point.
     *
     * @throws MountBusyException if it is in use; it stays then
     */
    void unmount() throws IOException {
        if (libc.geteuid() == 0) {
            systemCall(0);
        } else {
            helper(List.of());
        }
    }

    /** Takes it from the directory, although it may be in use: programs keep the files that they have open. */
    void detach() throws IOException {
        if (libc.geteuid() == 0) {
            systemCall(LibC.MNT_DETACH);
        } else {
            helper(List.of("-z"));
        }
    }

    private void systemCall(final int flags) throws IOException {
        if (libc.umount2(mountPoint.pointer(), flags | LibC.UMOUNT_NOFOLLOW) != 0) {
            final Errno errno = LibC.errno();
            if (errno == Errno.EBUSY) {
                throw new MountBusyException(mountPoint.toString());
            }
            throw new IOException("cannot unmount " + mountPoint + ": " + errno.description());
        }
    }

    private void helper(final List<String> options) throws IOException {
        final List<String> command = new ArrayList<>(List.of(FuserMount.find().toString(), "-u"));
        command.addAll(options);
        command.add("--");
        command.add(mountPoint.toString());
        final ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // Its words are read below.
        builder.environment().put("LC_ALL", "C");
        final Process process = builder.start();
        process.getOutputStream().close();
        final String words = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
        try {
            if (process.waitFor() == 0) {
                return;
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while fusermount unmounts " + mountPoint, e);
        }
        if (words.endsWith("Device or resource busy")) {
            throw new MountBusyException(mountPoint.toString());
        }
        throw new IOException("cannot unmount " + mountPoint + ": " + words);
    }
}
