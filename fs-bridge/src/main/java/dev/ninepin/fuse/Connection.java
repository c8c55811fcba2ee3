package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import jnr.ffi.Pointer;

/**
 * The kernel's FUSE connection of a mount, which can be aborted through the control file system fusectl. Every waiting
 * request then fails, and so does every later operation on files that are still open. Any thread.
 */
final class Connection {
    private static final Path FUSECTL = Path.of("/sys/fs/fuse/connections");

    // Flags and commands of fsopen(2), fsconfig(2) and fsmount(2).
    private static final long FSOPEN_CLOEXEC = 1;
    private static final long FSMOUNT_CLOEXEC = 1;
    private static final long FSCONFIG_CMD_CREATE = 6;

    private final LibC libc = LibC.get();

    /** The minor device number of the mount, by which the kernel names the connection. */
    private final int number;

    Connection(final int number) {
        this.number = number;
    }

    int number() {
        return number;
    }

    /**
     * Aborts the connection, unless it has ended already.
     *
     * @param announce runs first, once the connection is known to be abortable
     * @throws IOException if fusectl is not mounted and this process may not mount it, or if the abort fails
     */
    void abort(final Runnable announce) throws IOException {
        if (Files.isDirectory(FUSECTL) && isMounted()) {
            announce.run();
            abortIn(FUSECTL);
            return;
        }
        final int mount = mountControl();
        try {
            announce.run();
            abortIn(Path.of("/proc/self/fd", Integer.toString(mount)));
        } finally {
            libc.close(mount);
        }
    }

    private void abortIn(final Path control) throws IOException {
        final Path file = control.resolve(Integer.toString(number)).resolve("abort");
        try {
            Files.write(file, "1".getBytes(US_ASCII), StandardOpenOption.WRITE);
        } catch (final NoSuchFileException e) {
            return; // It has ended.
        }
    }

    /** Returns whether fusectl is mounted: its directory is empty on a system that has not mounted it. */
    private static boolean isMounted() throws IOException {
        try (var entries = Files.list(FUSECTL)) {
            return entries.findAny().isPresent();
        }
    }

    /**
     * Creates a mount of fusectl without attaching it to a directory. Returns a file descriptor of its root.
     *
     * @throws IOException if the kernel refuses it
     */
    private int mountControl() throws IOException {
        final Pointer type = Native.string("fusectl".getBytes(US_ASCII));
        final int context = (int) libc.syscall(LibC.SYS_FSOPEN, type.address(), FSOPEN_CLOEXEC, 0, 0, 0, 0);
        if (context < 0) {
            throw new IOException("cannot open fusectl: " + LibC.errno().description());
        }
        try {
            if (libc.syscall(LibC.SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE, 0, 0, 0, 0) != 0) {
                throw new IOException("cannot set up fusectl: " + LibC.errno().description());
            }
            final int mount = (int) libc.syscall(LibC.SYS_FSMOUNT, context, FSMOUNT_CLOEXEC, 0, 0, 0, 0);
            if (mount < 0) {
                throw new IOException("cannot mount fusectl: " + LibC.errno().description());
            }
            return mount;
        } finally {
            libc.close(context);
        }
    }
}
