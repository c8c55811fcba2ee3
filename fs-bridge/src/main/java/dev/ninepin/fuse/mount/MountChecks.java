package dev.ninepin.fuse.mount;

import dev.ninepin.os.LibC;
import dev.ninepin.os.SystemErrno;
import dev.ninepin.os.ThreadStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * The checks that explain why a mount would fail or has failed. libfuse says so only on standard error, if at all. Any
 * thread.
 *
 * @param device /dev/fuse
 * @param configuration /etc/fuse.conf
 * @param root whether this process runs as root and so mounts without a helper
 */
public record MountChecks(Path device, Path configuration, boolean root) {
    private static final int CAP_SYS_ADMIN = 21;

    public static MountChecks ofThisSystem() {
        return new MountChecks(
                Path.of("/dev/fuse"), Path.of("/etc/fuse.conf"), LibC.get().geteuid() == 0);
    }

    /**
     * Checks whether a mount on {@code directory} can succeed.
     *
     * @throws IOException with the first reason why it cannot
     */
    public void checkBeforeMount(final Path directory, final FuseOptions options) throws IOException {
        checkDirectory(directory);
        checkDevice();
        if (!root) {
            FuserMount.find();
            if (options.allowOther() && !allowsOther()) {
                throw new IOException(
                        "only root may use allow_other; to let other users, add the line user_allow_other to "
                                + configuration);
            }
            if (!Files.isWritable(directory)) {
                throw new IOException("this user has no write permission on " + directory);
            }
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
            throw new IOException("this user has no read and write permission on " + device);
        }
    }

    private boolean allowsOther() throws IOException {
        return Files.isReadable(configuration)
                && Files.readAllLines(configuration).stream()
                        .anyMatch(line -> line.strip().equals("user_allow_other"));
    }

    /** Returns an exception that says why libfuse could not mount, after {@link #checkBeforeMount} has found no reason. */
    public IOException explainFailure(final Path directory, final int errno) throws IOException {
        if (root && !mayMount()) {
            return new IOException("this process lacks CAP_SYS_ADMIN, which mounting requires");
        }
        final String reason = errno == 0 ? "" : ": " + LibC.describe(errno);
        return new IOException(
                "libfuse could not mount on " + directory + reason + " (see its message on standard error)");
    }

    private static boolean mayMount() throws IOException {
        return ThreadStatus.ofThisProcess()
                .field("CapEff")
                .map(capabilities -> ((Long.parseUnsignedLong(capabilities, 16) >> CAP_SYS_ADMIN) & 1) == 1)
                .orElse(true);
    }
}
