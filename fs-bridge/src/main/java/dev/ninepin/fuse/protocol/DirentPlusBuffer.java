package dev.ninepin.fuse.protocol;

import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.DirectorySink;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A buffer with the data of a READDIRPLUS reply: {@code struct fuse_direntplus} of linux/fuse.h, each padded to eight
 * bytes.
 *
 * <pre>entry_out[128] ino[8] off[8] namelen[4] type[4] name[namelen]</pre>
 *
 * <p>Entries are first offered, with space reserved for their lookup results; {@link #finish} then fills in the
 * results. An entry_out of zeros, as {@code .} and {@code ..} have it, means no lookup result. Not thread-safe.
 */
public final class DirentPlusBuffer implements DirectorySink {
    private static final int ENTRY_OUT = 128;
    private static final ByteString SELF = ByteString.of(".");
    private static final ByteString PARENT = ByteString.of("..");

    private final ByteBuffer buffer;
    private final DirentBuffer dirents;
    private final List<Dirent> entries = new ArrayList<>();

    /** The offset of the entry_out of each of {@link #entries}. */
    private final List<Integer> places = new ArrayList<>();

    private boolean refused;

    private final int most;

    /**
     * Creates a buffer that writes into {@code memory}, from its position to its limit.
     *
     * @param most the most entries in the buffer
     */
    public DirentPlusBuffer(final ByteBuffer memory, final int most) {
        this.most = most;
        buffer = memory.order(ByteOrder.nativeOrder());
        dirents = new DirentBuffer(memory);
    }

    @Override
    public boolean offer(final Dirent entry) {
        final int place = buffer.position();
        if (entries.size() == most) {
            return false;
        }
        if (buffer.remaining() < ENTRY_OUT) {
            refused = true;
            return false;
        }
        for (int i = 0; i < ENTRY_OUT; i += Long.BYTES) {
            buffer.putLong(0);
        }
        if (!dirents.offer(entry)) {
            buffer.position(place);
            refused = true;
            return false;
        }
        if (!entry.name().equals(SELF) && !entry.name().equals(PARENT)) {
            entries.add(entry);
            places.add(place);
        }
        return true;
    }

    /**
     * Returns whether the buffer cannot hold even the first entry that was offered. An empty reply would then wrongly
     * mark the end of the directory.
     */
    public boolean isTooSmall() {
        return refused && buffer.position() == 0;
    }

    /** Returns the entries whose names are to be looked up: all but {@code .} and {@code ..}. */
    public List<Dirent> entries() {
        return entries;
    }

    /**
     * Fills in the lookup results and returns the entries, from position to limit.
     *
     * @param found the lookup result of each of {@link #entries()}, in the same order
     * @param timeouts how long results without an age are valid
     */
    ByteBuffer finish(final List<Optional<Entry>> found, final Timeouts timeouts) {
        for (int i = 0; i < found.size(); i++) {
            final int place = places.get(i);
            found.get(i)
                    .ifPresent(entry -> put(
                            buffer.duplicate().order(ByteOrder.nativeOrder()).position(place), entry, timeouts));
        }
        return buffer.flip();
    }

    /**
     * Writes a {@code struct fuse_entry_out}: nodeid[8] generation[8] entry_valid[8] attr_valid[8] entry_valid_nsec[4]
     * attr_valid_nsec[4], and {@code struct fuse_attr}.
     */
    private static void put(final ByteBuffer out, final Entry entry, final Timeouts timeouts) {
        final Duration name = remaining(timeouts.names(), entry);
        final Duration validity = remaining(timeouts.attributes(), entry);
        out.putLong(entry.node()).putLong(0);
        out.putLong(name.toSeconds()).putLong(validity.toSeconds());
        out.putInt(name.toNanosPart()).putInt(validity.toNanosPart());
        final Attributes attributes = entry.attributes();
        out.putLong(attributes.ino()).putLong(attributes.size()).putLong(attributes.blocks());
        out.putLong(attributes.atime().seconds())
                .putLong(attributes.mtime().seconds())
                .putLong(attributes.ctime().seconds());
        out.putInt((int) attributes.atime().nanos())
                .putInt((int) attributes.mtime().nanos())
                .putInt((int) attributes.ctime().nanos());
        out.putInt(attributes.mode()).putInt((int) attributes.nlink());
        out.putInt(attributes.uid()).putInt(attributes.gid()).putInt((int) attributes.rdev());
        out.putInt((int) attributes.blksize()).putInt(0);
    }

    /** Returns how much of a timeout is left to an entry that is not new. */
    private static Duration remaining(final Duration timeout, final Entry entry) {
        final Duration left = timeout.minusNanos(entry.ageNanos());
        return left.isNegative() ? Duration.ZERO : left;
    }
}
