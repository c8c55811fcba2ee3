package dev.ninepin.fuse.mount;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.ninepin.os.LibC;
import dev.ninepin.os.NativeString;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's side of a mount. The control file system fusectl can end it: every waiting request then fails, and so does
 * every later use of a file that is still open. Any thread.
 *
 * <p>The control file is opened while the mount certainly exists, and kept. The kernel gives the number of an ended
 * connection to the next mount; an open control file never reaches that one ({@code fs/fuse/control.c},
 * fuse_ctl_remove_conn).
 */
public final class Connection implements AutoCloseable {
    private static final Path FUSECTL = Path.of("/sys/fs/fuse/connections");

    // The numbers of fsopen(2), fsconfig(2) and fsmount(2), since Linux 5.2, are the same on all architectures.
    private static final long SYS_FSOPEN = 430;
    private static final long SYS_FSCONFIG = 431;
    private static final long SYS_FSMOUNT = 432;

    // Flags and commands of fsopen(2), fsconfig(2) and fsmount(2).
    private static final long FSOPEN_CLOEXEC = 1;
    private static final long FSMOUNT_CLOEXEC = 1;
    private static final long FSCONFIG_CMD_CREATE = 6;

    private final int number;

    /** The open control file; null if it could not be opened. */
    private final @Nullable OutputStream control;

    /** Why the control file could not be opened; null if it was. */
    private final @Nullable IOException reason;

    private Connection(final int number, final @Nullable OutputStream control, final @Nullable IOException reason) {
        this.number = number;
        this.control = control;
        this.reason = reason;
    }

    /**
     * Opens the control file of a connection.
     *
     * @param number the minor device number of a mount that exists until this returns
     */
    public static Connection open(final int number) {
        try {
            return new Connection(number, control(number), null);
        } catch (final IOException e) {
            return new Connection(number, null, e);
        }
    }

    /** Returns the minor device number of the mount, by which the kernel names the connection. */
    public int number() {
        return number;
    }

    /**
     * Ends the connection. Does nothing if it has ended already.
     *
     * @param announce runs first, once it is certain that the connection can be ended
     * @throws IOException if the control file could not be opened: fusectl is not mounted, and this process may not mount it
     */
    public void abort(final Runnable announce) throws IOException {
        if (control == null) {
            throw new IOException(reason);
        }
        announce.run();
        control.write('1');
    }

    /** Closes the control file. The connection goes on. */
    @Override
    public void close() throws IOException {
        if (control != null) {
            control.close();
        }
    }

    private static OutputStream control(final int number) throws IOException {
        if (Files.isDirectory(FUSECTL) && isMounted()) {
            return controlIn(FUSECTL, number);
        }
        final int mount = mountControl();
        try {
            return controlIn(Path.of("/proc/self/fd", Integer.toString(mount)), number);
        } finally {
            LibC.get().close(mount);
        }
    }

    /** Opens the file without O_TRUNC, and as a stream: an interrupt of the thread does not close that. */
    private static OutputStream controlIn(final Path fusectl, final int number) throws IOException {
        final Path file = fusectl.resolve(Integer.toString(number)).resolve("abort");
        return new FileOutputStream(file.toFile(), true);
    }

    /** Returns whether fusectl is mounted: its directory is empty on a system that has not mounted it. */
    private static boolean isMounted() throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(FUSECTL)) {
            return entries.iterator().hasNext();
        } catch (final DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    /** Mounts fusectl on no directory, and returns a descriptor of its root. */
    private static int mountControl() throws IOException {
        final LibC libc = LibC.get();
        final Pointer type = NativeString.of("fusectl".getBytes(US_ASCII));
        final int context = (int) libc.syscall(SYS_FSOPEN, type.address(), FSOPEN_CLOEXEC, 0, 0, 0, 0);
        if (context < 0) {
            throw new IOException("cannot open fusectl: " + LibC.reason());
        }
        try {
            if (libc.syscall(SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE, 0, 0, 0, 0) != 0) {
                throw new IOException("cannot set up fusectl: " + LibC.reason());
            }
            final int mount = (int) libc.syscall(SYS_FSMOUNT, context, FSMOUNT_CLOEXEC, 0, 0, 0, 0);
            if (mount < 0) {
                throw new IOException("cannot mount fusectl: " + LibC.reason());
            }
            return mount;
        } finally {
            libc.close(context);
        }
    }
}
