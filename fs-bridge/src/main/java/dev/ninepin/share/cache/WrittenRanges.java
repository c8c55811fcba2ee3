package dev.ninepin.share.cache;

import dev.ninepin.session.exchange.ReadReply;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The data that a file must contain: the ranges that were written, and the size to which the file was truncated.
 * Becomes unknown if a write replaces a part of a block, or if there is too much data to compare. Not thread-safe.
 */
final class WrittenRanges {
    /** The most bytes that are compared. Reading them must not take much longer than writing them to a disk. */
    static final long MOST_BYTES = 256L << 20;

    /** The most ranges, which bounds the memory for writes at random offsets. */
    static final int MOST_RANGES = 2048;

    /** The largest offset, far enough from the largest number. */
    private static final long MOST_OFFSET = 1L << 62;

    /** The memory of a range without CRCs, in bytes. */
    private static final int RANGE_BYTES = 150;

    private static final long NONE = -1;

    /** The ranges by their start. They do not overlap. */
    private final NavigableMap<Long, WrittenRange> ranges = new TreeMap<>();

    /** The number of bytes in the ranges. */
    private long bytes;

    /** The size of the file, if it was truncated; else {@link #NONE}. */
    private long size = NONE;

    /**
     * The smallest size to which the file was truncated; else {@link #NONE}. Bytes after it are zero unless a range has
     * them.
     */
    private long truncated = NONE;

    private boolean isKnown = true;

    boolean isKnown() {
        return isKnown;
    }

    /** Makes the data unknown, and frees the memory. */
    void forget() {
        isKnown = false;
        ranges.clear();
        bytes = 0;
    }

    /** Returns the approximate memory of this object, in bytes. */
    int memory() {
        return ranges.size() * RANGE_BYTES + (int) (bytes / WrittenRange.BLOCK * Integer.BYTES);
    }

    void write(final long offset, final ByteBuffer data) {
        if (offset < 0 || offset > MOST_OFFSET) {
            forget();
        }
        final ByteBuffer rest = data.duplicate();
        long at = offset;
        while (isKnown && rest.hasRemaining()) {
            final int count = (int) Math.min(WrittenRange.blockEnd(at) - at, rest.remaining());
            final ByteBuffer piece = rest.slice(rest.position(), count);
            final WrittenRange range = rangeFor(at, at + count, true);
            final long before = range.length();
            record(range.put(at, piece), range.length() - before);
            rest.position(rest.position() + count);
            at += count;
        }
        size = size == NONE ? NONE : Math.max(size, at);
    }

    private void put(final long at, final long until, final int sum) {
        if (isKnown) {
            final WrittenRange range = rangeFor(at, until, at % WrittenRange.BLOCK == 0);
            final long before = range.length();
            record(range.put(at, until, sum), range.length() - before);
        }
    }

    private void record(final boolean isPut, final long growth) {
        bytes += growth;
        if (!isPut || bytes > MOST_BYTES || ranges.size() > MOST_RANGES) {
            forget();
        }
    }

    /**
     * Returns the range for bytes within one block, which may be new. Removes the ranges that these bytes replace.
     *
     * @param mayContinue whether the bytes may extend a range that ends where they begin
     */
    private WrittenRange rangeFor(final long at, final long until, final boolean mayContinue) {
        final Iterator<WrittenRange> inside =
                ranges.subMap(at, true, until, false).values().iterator();
        while (inside.hasNext()) {
            final WrittenRange each = inside.next();
            if (each.end() <= until) {
                bytes -= each.length();
                inside.remove();
            } else if (each.start() > at) {
                // The bytes replace a part of this range's first block. The range does not accept them, so the data
                // becomes unknown.
                return each;
            }
        }
        final Map.Entry<Long, WrittenRange> before = ranges.floorEntry(at);
        if (before != null) {
            final WrittenRange range = before.getValue();
            if (range.end() > at || (range.end() == at && mayContinue && range.hasKnownEnd())) {
                return range;
            }
        }
        final WrittenRange range = new WrittenRange(at);
        ranges.put(at, range);
        return range;
    }

    void truncate(final long to) {
        truncated = truncated == NONE ? to : Math.min(truncated, to);
        size = to;
        final Map<Long, WrittenRange> after = ranges.tailMap(to, true);
        after.values().forEach(each -> bytes -= each.length());
        after.clear();
        final Map.Entry<Long, WrittenRange> last = ranges.lastEntry();
        if (last != null && last.getValue().end() > to) {
            bytes -= last.getValue().end() - to;
            if (!last.getValue().cut(to)) {
                forget();
            }
        }
    }

    /** Adds later writes and truncations. */
    void add(final WrittenRanges later) {
        if (!later.isKnown) {
            forget();
        }
        if (later.truncated != NONE) {
            truncate(later.truncated);
            size = later.size;
        } else if (size != NONE && !later.ranges.isEmpty()) {
            size = Math.max(size, later.ranges.lastEntry().getValue().end());
        }
        later.ranges.values().forEach(each -> each.forEachBlock(this::put));
    }

    /** Returns whether the size of the file is known. */
    boolean hasSize() {
        return size != NONE;
    }

    /**
     * Returns whether {@code now} is the expected size. Returns false if bytes after the truncation are in no range,
     * because they cannot be verified.
     */
    boolean hasSize(final long now) {
        return size == NONE || (now == size && !hasGap());
    }

    /** Returns whether bytes after the truncation are in no range. */
    private boolean hasGap() {
        final Long first = ranges.floorKey(truncated);
        long at = truncated;
        for (final WrittenRange each :
                ranges.tailMap(first == null ? truncated : first, true).values()) {
            if (each.start() > at) {
                return true;
            }
            at = Math.max(at, each.end());
        }
        return at < size;
    }

    /** Reads the ranges from the server, and returns whether their data is the same. */
    boolean isAt(final ExpectedFile.DataServer server) throws IOException {
        for (final WrittenRange each : List.copyOf(ranges.values())) {
            if (!isAt(server, each)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isAt(final ExpectedFile.DataServer server, final WrittenRange range) throws IOException {
        final WrittenRange found = new WrittenRange(range.start());
        while (found.end() < range.end()) {
            final int left = (int) (range.end() - found.end());
            try (ReadReply reply = server.read(found.end(), left)) {
                final ByteBuffer data = reply.data();
                if (!data.hasRemaining()) {
                    return false;
                }
                found.append(data.slice(data.position(), Math.min(left, data.remaining())));
            }
        }
        return found.isSame(range);
    }
}
