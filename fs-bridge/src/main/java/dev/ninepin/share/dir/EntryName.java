package dev.ninepin.share.dir;

import dev.ninepin.p9.ByteString;

/** The check of the names that a server gives to directory entries. */
final class EntryName {
    /** The maximum length of a name in bytes: NAME_MAX of Linux, for which programs reserve space. */
    private static final int LONGEST = 255;

    /**
     * Returns whether a directory entry can have this name. Any other name comes from a faulty server. A path could not
     * contain it, the kernel would fail the whole listing with EIO, or a program's buffer would be too small. The
     * caller leaves such an entry out, and the rest of the directory stays usable.
     */
    static boolean isPossible(final ByteString name) {
        return name.length() > 0 && name.length() <= LONGEST && !name.contains('/') && !name.contains('\0');
    }

    private EntryName() {}
}
