package dev.ninepin.fuse.mount;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.os.LibC;
import dev.ninepin.os.SystemErrno;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The calls that unmount a mount point: umount2(2) for root, the setuid helper fusermount(1) for other users. Any
 * thread. A call may block for as long as the file system does, because the kernel first writes dirty data.
 */
public final class Unmounter {
    /** umount2(2): detach the mount now, and end it when its last user is gone. */
    private static final int MNT_DETACH = 2;

    /** umount2(2): do not follow a symbolic link at the end of the path. */
    private static final int UMOUNT_NOFOLLOW = 8;

    private final LibC libc = LibC.get();
    private final MountPoint mountPoint;

    public Unmounter(final MountPoint mountPoint) {
        this.mountPoint = mountPoint;
    }

    /**
     * Unmounts the topmost mount on the mount point.
     *
     * @throws MountBusyException if the mount is in use; it then stays mounted
     * @throws IOException if unmounting fails for another reason, or the thread is interrupted
     */
    public void unmount() throws IOException {
        if (libc.geteuid() == 0) {
            systemCall(0);
        } else {
            helper(List.of());
        }
    }

    /** Detaches the topmost mount, even if it is in use. Programs keep their open files. */
    public void detach() throws IOException {
        if (libc.geteuid() == 0) {
            systemCall(MNT_DETACH);
        } else {
            helper(List.of("-z"));
        }
    }

    private void systemCall(final int flags) throws IOException {
        if (libc.umount2(mountPoint.pointer(), flags | UMOUNT_NOFOLLOW) != 0) {
            if (SystemErrno.last() == SystemErrno.EBUSY) {
                throw new MountBusyException(mountPoint.toString());
            }
            throw new IOException("cannot unmount " + mountPoint + ": " + LibC.reason());
        }
    }

    private void helper(final List<String> options) throws IOException {
        final List<String> command =
                new ArrayList<>(List.of(MountChecks.helper().toString(), "-u"));
        command.addAll(options);
        command.add("--");
        command.add(mountPoint.toString());
        final ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // The helper's message is parsed below, so it must be in English.
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
