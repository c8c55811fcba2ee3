package dev.ninepin.share;

import java.util.Set;

/** What the upper bits of a mode say: the type of a file, as in stat(2). */
final class FileMode {
    static final int TYPE = 0170000;
    static final int DIRECTORY = 0040000;
    private static final int CHARACTER_DEVICE = 0020000;
    private static final int BLOCK_DEVICE = 0060000;
    private static final int REGULAR_FILE = 0100000;
    private static final int PERMISSIONS = 07777;
    private static final int SET_USER_ID = 04000;
    private static final int SET_GROUP_ID = 02000;
    private static final int GROUP_EXECUTES = 0010;

    /** FIFO, character device, directory, block device, regular file, symbolic link, socket. */
    private static final Set<Integer> TYPES =
            Set.of(0010000, CHARACTER_DEVICE, DIRECTORY, BLOCK_DEVICE, REGULAR_FILE, 0120000, 0140000);

    /**
     * @param directory whether the file's qid is that of a directory
     * @throws ErrnoException EIO if a mode has no type, or one that its qid denies
     */
    static void check(final int mode, final boolean directory) throws ErrnoException {
        final int type = mode & TYPE;
        if (!TYPES.contains(type) || (type == DIRECTORY) != directory) {
            throw new ErrnoException(
                    Errno.EIO,
                    "the server says that a file has the mode 0" + Integer.toOctalString(mode)
                            + ", and by its qid it is " + (directory ? "a directory" : "no directory"));
        }
    }

    static boolean isDevice(final int mode) {
        return (mode & TYPE) == CHARACTER_DEVICE || (mode & TYPE) == BLOCK_DEVICE;
    }

    static boolean isRegularFile(final int mode) {
        return (mode & TYPE) == REGULAR_FILE;
    }

    static boolean isSameType(final int mode, final int other) {
        return (mode & TYPE) == (other & TYPE);
    }

    /** The type of {@code mode}, with other permissions. */
    static int withPermissions(final int mode, final int permissions) {
        return (mode & TYPE) | (permissions & PERMISSIONS);
    }

    /**
     * What is left of a mode when somebody changes the file's data or owner who must not keep its set-ID bits: as the kernel
     * has it ({@code fs/attr.c}, setattr_should_drop_suidgid), without a set-group-ID bit only where the group may execute.
     * A directory keeps all.
     */
    static int withoutSetId(final int mode) {
        if ((mode & TYPE) == DIRECTORY) {
            return mode;
        }
        return mode & ~((mode & GROUP_EXECUTES) == 0 ? SET_USER_ID : SET_USER_ID | SET_GROUP_ID);
    }

    /** Whether a mode has bits that {@link #withoutSetId} takes. */
    static boolean hasSetIdToLose(final int mode) {
        return withoutSetId(mode) != mode;
    }

    private FileMode() {}
}
