package dev.ninepin.daemon.host;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The directory of a mount: resolves its path, and checks whether a share can be mounted on it. */
public final class MountTarget {
    /**
     * Returns the path of {@code given} as the kernel's mount table lists it: absolute, without symbolic links. Does
     * not access a mount on the directory, because its server may be dead or slow.
     */
    public static Path resolve(final Path given, final MountTable table) {
        final Path absolute = given.toAbsolutePath().normalize();
        final Path parent = absolute.getParent();
        final Path name = absolute.getFileName();
        if (parent == null || name == null) {
            return absolute;
        }
        try {
            final Path inRealParent = parent.toRealPath().resolve(name);
            return table.at(inRealParent).isPresent() ? inRealParent : absolute.toRealPath();
        } catch (final IOException e) {
            // The directory does not exist or is inaccessible. check() reports which.
            return absolute;
        }
    }

    /**
     * Checks that a share can be mounted on {@code directory}, which comes from {@link #resolve}.
     *
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED} if the path does not exist, is not a directory, is
     *     not empty, is not writable, or is already mounted on
     */
    public static void check(final Path directory, final MountTable table) throws NinepinException {
        final Optional<MountTable.Entry> mounted = table.at(directory);
        // On an automount point, the share is mounted over the automounter's own mount.
        if (mounted.isPresent() && !mounted.get().isAutomount()) {
            final MountTable.Entry entry = mounted.get();
            throw NinepinException.mountFailed(entry.source() + " is already mounted on " + directory
                    + ": unmount it first (" + (entry.isNinepin() ? "ninepin umount " : "umount ")
                    + ShellText.quote(directory) + "), or choose another directory");
        }
        if (Files.isSymbolicLink(directory) && !Files.exists(directory)) {
            throw NinepinException.mountFailed("the mount point " + directory
                    + " is a dangling symbolic link: create its target directory, or choose another directory");
        }
        if (!Files.exists(directory)) {
            throw NinepinException.mountFailed("the mount point " + directory
                    + FileKind.describeAbsence(
                            directory, "create it first (mkdir -p " + ShellText.quote(directory) + ")"));
        }
        if (!Files.isDirectory(directory)) {
            throw NinepinException.mountFailed(
                    "the mount point " + directory + " is not a directory: a share is mounted on an empty directory");
        }
        checkEmpty(directory);
        if (!Files.isWritable(directory)) {
            throw NinepinException.mountFailed(
                    "the mount point " + directory + " is not writable for this user, which FUSE requires:"
                            + " choose a directory that you own, or mount as root");
        }
    }

    private static void checkEmpty(final Path directory) throws NinepinException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            if (entries.iterator().hasNext()) {
                throw NinepinException.mountFailed("the mount point " + directory
                        + " is not empty, and the mount would hide its files: choose an empty directory");
            }
        } catch (final AccessDeniedException e) {
            throw new NinepinException(
                    ExitCode.MOUNT_FAILED,
                    "the mount point " + directory + " is not readable for this user: choose a directory that you own",
                    e);
        } catch (final IOException e) {
            throw new NinepinException(
                    ExitCode.MOUNT_FAILED, "the mount point " + directory + " cannot be read: " + Reason.of(e), e);
        }
    }

    private MountTarget() {}
}
