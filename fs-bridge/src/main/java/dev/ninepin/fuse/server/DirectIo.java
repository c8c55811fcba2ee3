package dev.ninepin.fuse.server;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.FileOperations;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/**
 * The choice of files whose reads and writes bypass the kernel's page cache (FOPEN_DIRECT_IO), so that only memory maps
 * use pages. Any thread.
 */
final class DirectIo {
    private final FileOperations files;
    private final BooleanSupplier canMapUncached;

    /** @param canMapUncached returns whether a file opened with FOPEN_DIRECT_IO can be mapped */
    DirectIo(final FileOperations files, final BooleanSupplier canMapUncached) {
        this.files = files;
        this.canMapUncached = canMapUncached;
    }

    /** Returns whether read(2) and write(2) of every file bypass the page cache. */
    boolean isForAll() {
        return files.cache() == CacheMode.NONE && canMapUncached.getAsBoolean();
    }

    /** Returns whether read(2) and write(2) of a file that was just opened bypass the page cache. */
    boolean isFor(final long handle) throws IOException {
        return isForAll() || mustReadPastSize(handle);
    }

    /**
     * Returns whether reads must bypass the page cache because only the server knows where the file ends. The file must
     * be open only for reading and have the size 0. If the kernel cannot map files that bypass the page cache, the file
     * must also turn out to have contents.
     */
    private boolean mustReadPastSize(final long handle) throws IOException {
        return files.isShownEmpty(handle) && (canMapUncached.getAsBoolean() || files.hidesContents(handle));
    }

    /**
     * Returns whether the kernel caches data that no read(2) may use. The kernel then asks for the attributes before
     * each read, and the reply makes it drop its pages.
     */
    boolean isCheckedBeforeRead() {
        return files.cache() == CacheMode.NONE && !canMapUncached.getAsBoolean();
    }
}
