package dev.ninepin.share;

import dev.ninepin.p9.ByteString;

/** The one place that says which names a server may give to the entries of a directory. */
final class EntryName {
    /** In bytes; NAME_MAX of Linux, for which programs reserve room. */
    private static final int LONGEST = 255;

    /**
     * Whether a name can be one of a directory's entry. Any other is a server's lie: a path could not hold it, the kernel
     * would end the whole listing with EIO for it, or a program have no room. So the entry is left out, and the rest of
     * the directory can be used.
     */
    static boolean isPossible(final ByteString name) {
        return name.length() > 0 && name.length() <= LONGEST && !name.contains('/') && !name.contains('\0');
    }

    private EntryName() {}
}
