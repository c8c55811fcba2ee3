package dev.ninepin.fuse.mount;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.ninepin.os.LibC;
import dev.ninepin.os.Programs;
import dev.ninepin.os.SystemErrno;
import dev.ninepin.os.ThreadStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * The checks that explain why a mount would fail or has failed. libfuse says so only on standard error, if at all. Any
 * thread.
 *
 * @param device /dev/fuse
 * @param configuration /etc/fuse.conf
 * @param root whether this process runs as root and so mounts without a helper
 */
public record MountChecks(Path device, Path configuration, boolean root) {
    /**
     * Returns the checks of this system.
     *
     * @param root whether this process runs as root
     */
    public static MountChecks ofThisSystem(final boolean root) {
        return new MountChecks(Path.of("/dev/fuse"), Path.of("/etc/fuse.conf"), root);
    }

    /**
     * Checks whether a mount on {@code directory} can succeed.
     *
     * @throws IOException with the first reason why it cannot
     */
    public void checkBeforeMount(final Path directory, final FuseOptions options) throws IOException {
        checkDirectory(directory);
        checkSystem(options.allowOther());
        if (!root && !Files.isWritable(directory)) {
            throw new IOException("this user has no write permission on " + directory);
        }
    }

    /**
     * Checks whether this system lets the user mount. libfuse would report these problems unclearly or not at all.
     *
     * @param allowOther whether the mount has the option {@code allow_other}
     * @throws IOException with the first reason why it does not, which says what to do
     */
    public void checkSystem(final boolean allowOther) throws IOException {
        checkDevice();
        if (!root) {
            helper();
            if (allowOther && !permitsAllowOther(configuration)) {
                throw new IOException(
                        "only root may use allow_other; to let other users, add the line user_allow_other to "
                                + configuration);
            }
        }
    }

    /**
     * Returns the path of the setuid helper fusermount(1), which mounts and unmounts for users other than root.
     *
     * @throws IOException if the helper is not installed
     */
    static Path helper() throws IOException {
        return Programs.ofThisSystem()
                .find("fusermount")
                .orElseThrow(
                        () -> new IOException("fusermount is missing, which users other than root need for mounting:"
                                + " install the package fuse3 (or fuse)"));
    }

    /** Returns whether {@code configuration}, fuse.conf, lets users other than root use allow_other. */
    public static boolean permitsAllowOther(final Path configuration) {
        try (Stream<String> lines = Files.lines(configuration, ISO_8859_1)) {
            return lines.anyMatch(line -> line.strip().equals("user_allow_other"));
        } catch (final IOException e) {
            // Like fusermount: a file that is missing or unreadable allows nothing.
            return false;
        }
    }

    private static void checkDirectory(final Path directory) throws IOException {
        try {
            final boolean isDirectory = (boolean) Files.getAttribute(directory, "isDirectory");
            if (!isDirectory) {
                throw new IOException(directory + " is not a directory");
            }
            try (var entries = Files.list(directory)) {
                if (entries.findAny().isPresent()) {
                    throw new IOException(directory + " is not empty");
                }
            }
        } catch (final NoSuchFileException e) {
            throw new IOException(directory + " does not exist", e);
        } catch (final java.nio.file.FileSystemException e) {
            if (SystemErrno.ENOTCONN.text().equals(e.getReason())) {
                throw new IOException(
                        "a dead mount is on " + directory + ": unmount it first with umount -l " + directory, e);
            }
            throw e;
        }
    }

    private void checkDevice() throws IOException {
        if (!Files.exists(device)) {
            throw new IOException(device + " does not exist: load the kernel module fuse (modprobe fuse),"
                    + " or pass the device to this container");
        }
        if (!Files.isReadable(device) || !Files.isWritable(device)) {
            throw new IOException("this user lacks read and write permission on " + device
                    + ": root can permit it to all users (chmod 666 " + device + "), or mount as root");
        }
    }

    /** Returns an exception that says why libfuse could not mount, after {@link #checkBeforeMount} has found no reason. */
    public IOException explainFailure(final Path directory, final int errno) throws IOException {
        if (root && !ThreadStatus.ofThisProcess().mayMount()) {
            return new IOException("this process lacks CAP_SYS_ADMIN, which mounting requires");
        }
        final String reason = errno == 0 ? "" : ": " + LibC.describe(errno);
        return new IOException(
                "libfuse could not mount on " + directory + reason + " (see its message on standard error)");
    }
}
