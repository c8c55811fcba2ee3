package dev.ninepin.share.cache;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.operations.WriteReply;
import dev.ninepin.p9.Rgetattr;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one file that the kernel may have cached: this class makes the kernel drop them when they are out of
 * date. The description of this package shows the sequences. Any thread may call any method.
 */
public final class FilePages {
    private final long node;
    private final CachedData data = new CachedData();

    /** What the kernel has read of the file since its pages were last dropped; null until the file is opened. */
    private volatile @Nullable Rereads rereads;

    /** @param node the file's node ID */
    public FilePages(final long node) {
        this.node = node;
    }

    /** Records that the file was opened. Calls of this method exclude each other. */
    public void opened() {
        if (rereads == null) {
            rereads = new Rereads();
        }
    }

    private Rereads rereads() {
        return Objects.requireNonNull(rereads, "the file was not opened");
    }

    /** Returns whether the kernel may have data that the server did not accept. */
    public boolean hasLostWrites() {
        return data.hasLostWrites();
    }

    /** Returns whether the kernel may drop pages of the file on its own at any time. */
    public boolean mayAlwaysDrop() {
        final Rereads known = rereads;
        return known != null && known.mayAlwaysDrop();
    }

    /**
     * Takes over a file whose pages the kernel has read from another program.
     *
     * @param lostWrites whether the kernel may have data that the server did not accept
     */
    public void takeOver(final boolean lostWrites) {
        data.takeOver(lostWrites);
    }

    /** Records that another program has opened the file, and may have read any of its pages. */
    public void takeOverOpen(final boolean alwaysDrops) {
        opened();
        rereads().takeOver(alwaysDrops);
    }

    /** Records the start of a change of data or attributes from this mount. */
    public void beginChange() {
        data.beginChange();
    }

    /** Records the end of a change from this mount, successful or not. */
    public void endChange() {
        data.endChange();
    }

    /** Records that a write failed whose bytes the kernel has in its pages: the next open drops these. */
    void noteLostWrite() {
        data.noteLostWrite();
    }

    /** Returns the count of the starts and ends of changes from this mount. */
    public long changes() {
        return data.changes();
    }

    /**
     * Returns whether no change from this mount is under way, and none has begun or ended since {@link #changes} was
     * {@code before}.
     */
    public boolean isUnchangedSince(final long before) {
        return data.isUnchangedSince(before);
    }

    /** Returns whether a change from this mount is under way, or ended so recently that the program may not know it yet. */
    public boolean hasJustChanged() {
        return data.hasJustChanged(System.nanoTime());
    }

    /** Counts one more handle that writes the file. */
    public void addWriter() {
        data.addWriter();
    }

    /** Counts one handle less that writes the file. */
    public void removeWriter() {
        data.removeWriter();
    }

    /**
     * Decides whether the kernel's pages are still good after an open. Blocks while another open drops the pages.
     *
     * @param attributes the server's reply, requested after the open began; only needed for {@link CacheMode#OPEN}
     * @param changesBefore {@link #changes()} from before that request
     * @param asked {@link System#nanoTime} from before that request
     * @param writes whether the file was opened for writing; it then counts as a writer from this call on
     * @return the verdict; if it is not good, the caller calls {@link #drop}, for which other opens of the file wait
     * @throws java.io.InterruptedIOException if the thread was interrupted while it waited
     */
    public CachedData.Verdict judgeOpen(
            final CacheMode cache,
            final Optional<Rgetattr> attributes,
            final long changesBefore,
            final long asked,
            final boolean writes)
            throws IOException {
        final long now = System.nanoTime();
        return switch (cache) {
            case LOOSE -> data.judgeOpenExclusive(writes);
            case NONE -> data.judgeOpenUntrusted(writes);
            case OPEN ->
                data.judgeOpen(
                        attributes.orElseThrow(),
                        changesBefore,
                        writes,
                        asked,
                        now,
                        Instant.now().minusNanos(now - asked).getEpochSecond());
        };
    }

    /** Records that the file was just created and opened, so that the kernel has no pages of it yet. */
    public void create(final boolean writes) {
        if (writes) {
            data.addWriter();
        }
    }

    /** Makes the kernel drop all pages of the file. The caller must not hold a lock on the file's names. */
    public void drop(final CachedData.Verdict verdict, final KernelCache kernel) {
        boolean dropped = false;
        rereads().beginDrop();
        try {
            kernel.dropData(node);
            dropped = true;
        } finally {
            rereads().endDrop();
            data.endDrop(dropped ? verdict : CachedData.Verdict.UNKNOWN);
        }
    }

    /**
     * Makes the kernel drop all pages of the file, although its attributes may be unchanged: such as before the file is
     * locked.
     */
    public void drop(final KernelCache kernel) throws IOException {
        drop(data.judgeOpenUntrusted(false), kernel);
    }

    /**
     * Records that the kernel may drop pages by itself during the next second, as it does when it receives a new file
     * size ({@code fs/fuse/inode.c}).
     */
    public void mayBeDropped() {
        final Rereads known = rereads;
        if (known != null) {
            known.mayBeDropped(System.nanoTime());
        }
    }

    /** Records that the kernel may drop pages of this open file by itself at any time from now on. */
    public void mayAlwaysBeDropped() {
        rereads().mayAlwaysBeDropped();
    }

    /**
     * Records a read of an open file into the kernel's pages. Must be called before the request is sent to the server.
     *
     * @param offset the first byte
     * @param count the number of bytes
     * @return an action to run once the kernel has received its reply; empty if that need not be known
     */
    public Optional<Runnable> beginRead(final long offset, final int count) {
        return rereads().beginRead(offset, count);
    }

    /**
     * Drops older pages of bytes that a program has written to an open file. Called when the bytes were sent, or are kept
     * to be sent before the next read, and before the program gets its reply.
     *
     * @param offset the offset of {@code written} in the file
     */
    public void completeWrite(
            final long offset, final ByteBuffer written, final WriteReply reply, final KernelCache kernel) {
        rereads()
                .dropIfOvertaken(
                        offset,
                        written.remaining(),
                        beingRead -> reply.runBefore(() -> {
                            if (beingRead) {
                                // That read holds the pages' locks, so a look could find nothing.
                                kernel.dropPages(node, offset, written.remaining());
                            } else {
                                OvertakenWrites.dropOlder(kernel, node, offset, written);
                            }
                        }));
    }
}
