package dev.ninepin.share.inode;

import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import java.util.Set;

/** The file types and permission bits of a mode, as in stat(2). */
public final class FileMode {
    public static final int TYPE = 0170000;
    public static final int DIRECTORY = 0040000;
    private static final int CHARACTER_DEVICE = 0020000;
    private static final int BLOCK_DEVICE = 0060000;
    private static final int REGULAR_FILE = 0100000;
    private static final int PERMISSIONS = 07777;
    private static final int SET_USER_ID = 04000;
    private static final int SET_GROUP_ID = 02000;
    private static final int GROUP_EXECUTES = 0010;

    /** The valid types: FIFO, character device, directory, block device, regular file, symbolic link and socket. */
    private static final Set<Integer> TYPES =
            Set.of(0010000, CHARACTER_DEVICE, DIRECTORY, BLOCK_DEVICE, REGULAR_FILE, 0120000, 0140000);

    /**
     * Fails with EIO if a mode has no valid file type, or a type that contradicts the qid.
     *
     * @param directory whether the file's qid is a directory's
     */
    public static void check(final int mode, final boolean directory) throws ErrnoException {
        final int type = mode & TYPE;
        if (!TYPES.contains(type) || (type == DIRECTORY) != directory) {
            throw new ErrnoException(
                    Errno.EIO,
                    "the server reported the mode 0" + Integer.toOctalString(mode) + " for a file that is "
                            + (directory ? "a directory" : "not a directory") + " according to its qid");
        }
    }

    public static boolean isDevice(final int mode) {
        return (mode & TYPE) == CHARACTER_DEVICE || (mode & TYPE) == BLOCK_DEVICE;
    }

    public static boolean isRegularFile(final int mode) {
        return (mode & TYPE) == REGULAR_FILE;
    }

    public static boolean isSameType(final int mode, final int other) {
        return (mode & TYPE) == (other & TYPE);
    }

    /** Returns {@code mode} with other permissions. */
    public static int withPermissions(final int mode, final int permissions) {
        return (mode & TYPE) | (permissions & PERMISSIONS);
    }

    /**
     * Returns a mode without the set-ID bits that a file loses when a user without CAP_FSETID changes its data or
     * owner. The rule is the kernel's ({@code fs/attr.c}, setattr_should_drop_suidgid): the set-group-ID bit is removed
     * only if the group may execute the file. A directory keeps all bits.
     */
    public static int withoutSetId(final int mode) {
        if ((mode & TYPE) == DIRECTORY) {
            return mode;
        }
        return mode & ~((mode & GROUP_EXECUTES) == 0 ? SET_USER_ID : SET_USER_ID | SET_GROUP_ID);
    }

    /** Returns whether a mode has bits that {@link #withoutSetId} removes. */
    public static boolean hasSetIdToLose(final int mode) {
        return withoutSetId(mode) != mode;
    }

    private FileMode() {}
}
