package dev.ninepin.share.cache;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A range of bytes of a file, with a CRC for each block of {@link #BLOCK} bytes. The range may cover its first and last
 * block only in part. Not thread-safe.
 */
final class WrittenRange {
    /** The size of a block, in bytes. Blocks begin at multiples of it. */
    static final int BLOCK = 4096;

    private final long start;
    private long end;

    /** The CRCs; elements after the last block are unused. */
    private int[] sums = new int[1];

    /** The state of the CRC of the last block; null if it is unknown. */
    private @Nullable CRC32C last;

    /** Creates an empty range. */
    WrittenRange(final long start) {
        this.start = start;
        this.end = start;
    }

    long start() {
        return start;
    }

    long end() {
        return end;
    }

    long length() {
        return end - start;
    }

    /** Returns the first block boundary after an offset. */
    static long blockEnd(final long at) {
        return at - at % BLOCK + BLOCK;
    }

    /** Returns whether bytes can be added at the end. */
    boolean hasKnownEnd() {
        return end % BLOCK == 0 || end == start || last != null;
    }

    /** Adds bytes at the end. {@link #hasKnownEnd} must return true. */
    void append(final ByteBuffer bytes) {
        final ByteBuffer rest = bytes.duplicate();
        while (rest.hasRemaining()) {
            final int count = (int) Math.min(blockEnd(end) - end, rest.remaining());
            put(end, rest.slice(rest.position(), count));
            rest.position(rest.position() + count);
        }
    }

    /**
     * Records that bytes were written within one block, from an offset that is not after the end.
     *
     * @return false if they replace only a part of the range's bytes in that block, so that its CRC is unknown
     */
    boolean put(final long at, final ByteBuffer bytes) {
        final boolean continues = at == end && beginOf(at) < at;
        final CRC32C crc = continues && last != null ? last : new CRC32C();
        crc.update(bytes.duplicate());
        final long until = at + bytes.remaining();
        if (!put(continues && last != null ? beginOf(at) : at, until, (int) crc.getValue())) {
            return false;
        }
        if (until == end) {
            last = crc;
        }
        return true;
    }

    /**
     * Records that bytes with a known CRC were written within one block. Returns as {@link #put(long, ByteBuffer)} does.
     *
     * @param until the offset after the last byte
     */
    boolean put(final long at, final long until, final int sum) {
        if (at != beginOf(at) || until < endOf(at)) {
            return false;
        }
        final int index = indexOf(at);
        if (index == sums.length) {
            sums = Arrays.copyOf(sums, index * 2);
        }
        sums[index] = sum;
        if (until >= end) {
            end = until;
            last = null;
        }
        return true;
    }

    /** Returns where the range's bytes begin in the block of an offset. */
    private long beginOf(final long at) {
        return Math.max(start, at - at % BLOCK);
    }

    /** Returns where the range's bytes end in the block of an offset. */
    private long endOf(final long at) {
        return Math.min(end, blockEnd(at));
    }

    private int indexOf(final long at) {
        return (int) (at / BLOCK - start / BLOCK);
    }

    /** Removes the bytes from an offset within the range on. Returns false if that would leave a part of a block. */
    boolean cut(final long at) {
        if (at % BLOCK != 0) {
            return false;
        }
        end = at;
        last = null;
        return true;
    }

    /** Receives the bytes of one block. */
    interface BlockVisitor {
        void visit(long at, long until, int sum);
    }

    /** Passes each block to the visitor. */
    void forEachBlock(final BlockVisitor visitor) {
        for (long at = start; at < end; at = blockEnd(at)) {
            visitor.visit(at, endOf(at), sums[indexOf(at)]);
        }
    }

    /** Returns whether another range has the same bytes at the same offsets. */
    boolean isSame(final WrittenRange other) {
        return start == other.start
                && end == other.end
                && (start == end || Arrays.equals(sums, 0, indexOf(end - 1) + 1, other.sums, 0, indexOf(end - 1) + 1));
    }
}
