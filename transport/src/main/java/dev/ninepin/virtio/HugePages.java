package dev.ninepin.virtio;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The kernel's hugepages of 2 MiB. Those that nobody has reserved are used first; where these don't suffice, the kernel
 * is allowed to make more of them at need ({@code nr_overcommit_hugepages}), for the moment in which we map ours. It
 * takes such pages back by itself when their last user is gone, however that ends; {@code nr_hugepages}, the
 * administrator's own reserve, is left alone. Source: Linux, Documentation/admin-guide/mm/hugetlbpage.rst.
 */
final class HugePages {
    static final int SIZE = 2 << 20;

    private final Path directory;
    private final Path lockFile;

    /** Maps {@code bytes} bytes of hugepages; those of the file that it makes. */
    interface Mapper {
        ByteBuffer map() throws IOException;
    }

    /**
     * @param directory {@code /sys/kernel/mm/hugepages/hugepages-2048kB}
     * @param lockFile held while the kernel's limit is another one than the administrator's
     */
    HugePages(final Path directory, final Path lockFile) {
        this.directory = directory;
        this.lockFile = lockFile;
    }

    /** Whether this kernel has hugepages of this size. */
    boolean exist() {
        return Files.isDirectory(directory);
    }

    /** How many there are that nobody uses, or has reserved. */
    long free() throws IOException {
        return Math.max(0, read("free_hugepages") - read("resv_hugepages"));
    }

    /**
     * Runs {@code mapper} while the kernel may make {@code count} more hugepages.
     *
     * @throws IOException if there is not enough memory in one piece; nothing is left changed then
     */
    ByteBuffer map(final int count, final Mapper mapper) throws IOException {
        try (FileLock ignored = FileLock.take(lockFile)) {
            if (free() >= count) {
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
