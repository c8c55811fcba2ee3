package dev.ninepin.virtio.dma;

import dev.ninepin.os.LockFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The kernel's hugepages of 2 MiB.
 *
 * <p>Free hugepages without a reservation are used first. If too few are free, {@link #map} lets the kernel create more
 * on demand, by raising {@code nr_overcommit_hugepages} only while it maps. The kernel takes such surplus pages back
 * when their last user is gone, for any reason. {@code nr_hugepages}, the administrator's own pool, is never changed.
 * Source: Linux, Documentation/admin-guide/mm/hugetlbpage.rst.
 */
final class HugePages {
    static final int SIZE = 2 << 20;

    private final Path directory;
    private final Path lockFile;

    /** The action that maps hugepages. */
    interface Mapper {
        ByteBuffer map() throws IOException;
    }

    /**
     * @param directory {@code /sys/kernel/mm/hugepages/hugepages-2048kB}
     * @param lockFile the lock file, held while the kernel's limit differs from the administrator's value
     */
    HugePages(final Path directory, final Path lockFile) {
        this.directory = directory;
        this.lockFile = lockFile;
    }

    /** Returns whether this kernel has hugepages of 2 MiB. */
    boolean isSupported() {
        return Files.isDirectory(directory);
    }

    /** Returns the number of hugepages that are neither in use nor reserved. */
    long countFree() throws IOException {
        return Math.max(0, read("free_hugepages") - read("resv_hugepages"));
    }

    /**
     * Runs {@code mapper}, while the kernel may create {@code count} more hugepages if too few are free. Blocks while
     * another process does the same.
     *
     * @throws IOException if the kernel finds too little contiguous memory; the limit is restored then too
     */
    ByteBuffer map(final int count, final Mapper mapper) throws IOException {
        try (LockFile ignored = LockFile.take(lockFile)) {
            if (countFree() >= count) {
                return mapper.map();
            }
            final long before = read("nr_overcommit_hugepages");
            final long surplus = read("surplus_hugepages");
            write("nr_overcommit_hugepages", Math.max(before, surplus + count));
            try {
                return mapper.map();
            } finally {
                write("nr_overcommit_hugepages", before);
            }
        }
    }

    private long read(final String name) throws IOException {
        final String text = Files.readString(directory.resolve(name)).strip();
        try {
            return Long.parseLong(text);
        } catch (final NumberFormatException e) {
            throw new IOException(directory.resolve(name) + " is not a number: " + text, e);
        }
    }

    private void write(final String name, final long value) throws IOException {
        Files.writeString(directory.resolve(name), Long.toString(value));
    }
}
