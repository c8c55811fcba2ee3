package dev.ninepin.fuse.mount;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How far the kernel reads ahead on a mount. Every mount begins with the kernel's default. The answer to INIT can lower
 * that, but not raise it ({@code fs/fuse/inode.c}, process_init_reply); a file of sysfs can, for root only. Any thread.
 */
public final class ReadAhead {
    /** The read-ahead with which a FUSE mount begins, in bytes: the kernel's VM_READAHEAD_PAGES. */
    public static final int OF_THE_KERNEL = 128 * 1024;

    /** The most that can be set, in bytes. */
    public static final int MOST = 16 << 20;

    /** The read-ahead to set if the options name none and this process may set it, in bytes. */
    private static final int DEFAULT = 512 * 1024;

    private static final Path DEVICES = Path.of("/sys/class/bdi");

    private static final Logger LOG = LoggerFactory.getLogger(ReadAhead.class);

    private ReadAhead() {}

    /**
     * Raises the read-ahead of a mount whose INIT was answered. Does nothing if {@code wanted} is not above the kernel's
     * default: the answer to INIT has set it then.
     *
     * @param connection the minor device number of the mount
     * @param wanted the read-ahead in bytes; if empty, a default that is set if possible
     * @throws IOException if {@code wanted} cannot be set
     */
    public static void raise(final int connection, final OptionalInt wanted) throws IOException {
        final int bytes = wanted.orElse(DEFAULT);
        if (bytes <= OF_THE_KERNEL) {
            return;
        }
        final Path file = DEVICES.resolve("0:" + connection).resolve("read_ahead_kb");
        try {
            Files.write(file, Integer.toString(bytes / 1024).getBytes(US_ASCII), StandardOpenOption.WRITE);
        } catch (final IOException e) {
            if (wanted.isPresent()) {
                throw new IOException(
                        "the read-ahead cannot be raised to " + bytes + " bytes, which needs root: " + file
                                + " cannot be written",
                        e);
            }
            LOG.debug("the read-ahead stays at {} bytes", OF_THE_KERNEL, e);
        }
    }
}
