package dev.ninepin.share.file;

import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.Bystander;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.share.cache.PendingWrites;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.path.UnknownOutcomeException;
import dev.ninepin.share.path.UnsyncedFiles;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The writes of a mount that no program waits for. Each is sent at once or gathered with the ones after it, and is added
 * to the file's {@link PendingWrites}. {@code docs/decisions/0019-writes-behind.md} and {@code 0050-gathered-writes.md}
 * have the rules. Any thread may call any method.
 */
final class WritesBehind {
    /** The most bytes that are gathered for one request. Larger requests are not faster. */
    private static final int MOST_GATHERED = 64 << 10;

    /** The interval at which a thread that waits for a permit checks the connection. */
    private static final long CONNECTION_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private static final Logger LOG = LoggerFactory.getLogger(WritesBehind.class);

    private final Session session;
    private final DataBuffers buffers;
    private final UnsyncedFiles unsynced;
    private final Writer writer;

    /**
     * The permits for writes that nothing waits for: half of the session's requests with data. A write that is being
     * gathered has one too, so the permits also limit the gathered bytes.
     */
    private final Semaphore permits;

    /** The largest write that the server has been seen to do at once, in bytes. */
    private volatile int provenSize;

    private final LateWrites late = new LateWrites();

    /** Writes bytes and waits for the server. */
    @FunctionalInterface
    interface Writer {
        /** Implemented by {@code FileData.writeUnnoted}. */
        int write(OpenFile file, long offset, ByteBuffer data) throws IOException;
    }

    /**
     * @param buffers the buffers for copies of writes that are sent at once
     * @param writer sends lost writes again
     * @param limit the most writes that may be unanswered
     */
    WritesBehind(
            final Session session,
            final DataBuffers buffers,
            final UnsyncedFiles unsynced,
            final Writer writer,
            final int limit) {
        this.session = session;
        this.buffers = buffers;
        this.unsynced = unsynced;
        this.writer = writer;
        this.permits = new Semaphore(limit, true);
    }

    /** Records that the server has written {@code count} bytes at once. */
    void noteWritten(final int count) {
        if (count > provenSize) {
            provenSize = count;
        }
    }

    /**
     * Sends the remaining bytes of {@code data} without waiting for the answers. Blocks while as many writes are
     * unanswered as the session allows.
     *
     * <p>Sends no more than the server has been seen to write at once: a server may write less than it was sent, and
     * then the rest of these bytes would be lost.
     *
     * @param fid the fid to write over ({@link OpenFile#fidToWrite})
     * @param flags the flags of this write. With APPEND, the caller has waited for the earlier writes
     * @param chunk the most bytes that one message may carry
     * @return the number of bytes sent; 0 if the caller must wait for this write
     * @throws IOException if nothing was sent because the connection has ended or the thread is interrupted
     */
    int send(
            final OpenFile file,
            final int fid,
            final long offset,
            final ByteBuffer data,
            final int flags,
            final int chunk)
            throws IOException {
        final boolean append = (flags & OpenFlags.APPEND) != 0;
        final int start = data.position();
        final int count = data.remaining();
        if (append && count > chunk) {
            // The latest connection has smaller messages, and a server may serve several requests in any order.
            return 0;
        }
        int done = 0;
        while (done < count) {
            final int size = Math.min(chunk, count - done);
            if (size > provenSize || !takePermit(file)) {
                break;
            }
            file.inode().pages.beginChange();
            final int connection = session.connection();
            final ByteBuffer bytes = data.slice(start + done, size);
            final SentAtOnce write = new SentAtOnce(file, append, bytes);
            final Call<Rwrite> call = session.write(fid, offset + done, bytes);
            final CompletableFuture<?> unused = call.future().whenComplete((reply, failure) -> {
                if (!(failure instanceof SessionEndedException) || !write.isRepeated()) {
                    write.end();
                }
                forgetProof(reply, size);
            });
            if (isUnsent(call, append)) {
                write.end();
                file.inode().pages.endChange();
                if (done == 0) {
                    awaitFailure(call, file, append);
                }
                break;
            }
            file.inode().pending.add(new PendingWrites.Target(file, append, offset + done), size, call, write);
            noteWrite(file, connection, offset + done, data.slice(start + done, size));
            done += size;
        }
        return done;
    }

    private void noteWrite(final OpenFile file, final int connection, final long offset, final ByteBuffer sent) {
        unsynced.note(file.inode(), connection, expected -> expected.write(offset, sent));
    }

    private static void awaitFailure(final Call<?> call, final OpenFile file, final boolean append) throws IOException {
        try {
            call.await();
        } catch (final SessionEndedException e) {
            throw append && !e.isUnsent() ? unknownAppend(file, e) : e;
        }
    }

    private static IOException unknownAppend(final OpenFile file, final SessionEndedException lost) {
        return UnknownOutcomeException.of("append to node " + file.inode().node(), lost);
    }

    /**
     * Copies the remaining bytes of {@code data}, to send them together with the bytes that follow, if they continue a
     * write of the same file that is not answered yet. May block as {@link #send} does. An append may also block until
     * the earlier writes are answered, when it begins a new request.
     *
     * @param chunk returns the most bytes that one message may carry; the next connection may allow less
     * @return false if the bytes were not copied, and the caller must send them
     * @throws IOException if the bytes were not copied, because an earlier write failed, the thread is interrupted or
     *     no fid could be opened
     */
    boolean gather(final OpenFile file, final PendingWrites.Target to, final ByteBuffer data, final IntSupplier chunk)
            throws IOException {
        final int count = data.remaining();
        if (!isSmall(count, limit(chunk))) {
            return false;
        }
        final PendingWrites pending = file.inode().pending;
        final int latest = session.connection();
        if (pending.join(to, data)) {
            noteWrite(file, latest, to.offset(), data);
            return true;
        } else if (!pending.continuesLast(to, count)) {
            return false;
        }
        if (to.append()) {
            // The full request before this one waits for the writes before it. Only one may wait so.
            pending.awaitAllButLast();
        }
        pending.sendReady();
        file.reportToWrite();
        final int fid;
        try {
            fid = file.fidToWrite(to.append());
        } catch (final SessionEndedException e) {
            LOG.trace("a write waits for the next connection", e);
            return false;
        }
        final int limit = limit(chunk);
        if (!isSmall(count, limit) || !takePermit(file)) {
            return false;
        }
        boolean gathered = false;
        final int connection = session.connection();
        file.inode().pages.beginChange();
        try {
            gathered = pending.gather(to, data, limit, new Gathered(file, to.append(), fid, chunk));
        } finally {
            if (!gathered) {
                permits.release();
                file.inode().pages.endChange();
            }
        }
        if (gathered) {
            noteWrite(file, connection, to.offset(), data);
            late.add(pending);
        }
        return gathered;
    }

    private static int limit(final IntSupplier chunk) {
        return Math.min(chunk.getAsInt(), MOST_GATHERED);
    }

    /** Returns whether a write is small enough to gather. A copy of a larger one costs more than its request. */
    private static boolean isSmall(final int count, final int limit) {
        return count > 0 && count <= limit / 2;
    }

    /** A write that no program waits for. Has a permit until it has succeeded or failed. */
    private abstract class WriteBehind implements PendingWrites.Repeater {
        private final OpenFile file;
        private final boolean append;
        private final AtomicBoolean ended = new AtomicBoolean();

        WriteBehind(final OpenFile file, final boolean append) {
            this.file = file;
            this.append = append;
        }

        @Override
        public boolean isRepeated() {
            return session.reconnects();
        }

        /**
         * Writes bytes again, not as an append.
         *
         * @param bytes the bytes; null if they are forgotten because the file was closed
         */
        int write(final long offset, final @Nullable ByteBuffer bytes, final SessionEndedException lost)
                throws IOException {
            if (bytes == null) {
                throw new IOException("the file was closed before the server answered", lost);
            }
            return writer.write(file, offset, bytes);
        }

        IOException unknownAppend(final SessionEndedException lost) {
            return WritesBehind.unknownAppend(file, lost);
        }

        int fidToWrite() throws IOException {
            return file.fidToWrite(append);
        }

        /** Gives back the permit. Does nothing the second time. */
        @Override
        public void end() {
            if (!ended.getAndSet(true)) {
                permits.release();
            }
        }
    }

    /** A write that was sent at once. Keeps a copy of the bytes until the server has answered, unless it appends. */
    private final class SentAtOnce extends WriteBehind {
        private final AtomicReference<@Nullable ByteBuffer> copy = new AtomicReference<>();

        SentAtOnce(final OpenFile file, final boolean append, final ByteBuffer bytes) {
            super(file, append);
            if (!append && session.reconnects()) {
                copy.set(buffers.take(bytes.remaining()).put(bytes.duplicate()).flip());
            }
        }

        @Override
        public int writeAgain(final long offset, final @Nullable ByteBuffer rest, final SessionEndedException lost)
                throws IOException {
            final ByteBuffer bytes = copy.get();
            return write(offset, bytes == null ? null : bytes.duplicate(), lost);
        }

        @Override
        public Call<Rwrite> appendAgain(final @Nullable ByteBuffer rest, final SessionEndedException lost)
                throws IOException {
            throw unknownAppend(lost);
        }

        @Override
        public void end() {
            final ByteBuffer held = copy.getAndSet(null);
            if (held != null) {
                buffers.giveBack(held);
            }
            super.end();
        }
    }

    /** A gathered write, which is sent over a fid. */
    private final class Gathered extends WriteBehind implements PendingWrites.Sender {
        private final int fid;
        private final IntSupplier chunk;

        Gathered(final OpenFile file, final boolean append, final int fid, final IntSupplier chunk) {
            super(file, append);
            this.fid = fid;
            this.chunk = chunk;
        }

        @Override
        public Call<Rwrite> send(final long offset, final ByteBuffer bytes, final long patienceNanos) {
            return send(fid, offset, bytes, Math.min(patienceNanos, session.timeoutNanos()));
        }

        private Call<Rwrite> send(final int over, final long offset, final ByteBuffer bytes, final long patienceNanos) {
            final int count = bytes.remaining();
            final Call<Rwrite> call = session.write(over, offset, bytes, patienceNanos);
            final CompletableFuture<?> unused = call.future().whenComplete((reply, failure) -> {
                // After an interrupt, a short answer or the end of the connection, bytes are sent again.
                final boolean isLost = failure instanceof SessionEndedException && isRepeated();
                if (reply == null ? !(failure instanceof InterruptedIOException) && !isLost : reply.count() == count) {
                    // A thread may wait for the permit, and nothing else may look at this write for a while.
                    end();
                }
                forgetProof(reply, count);
            });
            return call;
        }

        @Override
        public int writeAgain(final long offset, final @Nullable ByteBuffer rest, final SessionEndedException lost)
                throws IOException {
            return write(offset, rest, lost);
        }

        @Override
        public Call<Rwrite> appendAgain(final @Nullable ByteBuffer rest, final SessionEndedException lost)
                throws IOException {
            if (rest == null || !lost.isUnsent()) {
                throw unknownAppend(lost);
            }
            // In this order: the fid's connection determines the size of the messages.
            final int latest = session.repeatIfLost(this::fidToWrite);
            final int count = Math.min(chunk.getAsInt(), rest.remaining());
            // Servers ignore the offset, except nfs-ganesha, for which appends are not gathered.
            return send(latest, 0, rest.slice(rest.position(), count), session.timeoutNanos());
        }
    }

    private void forgetProof(final @Nullable Rwrite reply, final int sent) {
        if (reply != null && reply.count() < sent) {
            provenSize = 0;
        }
    }

    /**
     * Returns whether a write has failed without an answer: the session has ended, or there was no tag for it. A write
     * that was sent over a connection which has ended will be sent again, unless it appends.
     */
    private boolean isUnsent(final Call<?> call, final boolean append) {
        return call.future().isCompletedExceptionally()
                && call.future()
                        .handle((reply, failure) -> !(failure instanceof RemoteException)
                                && !(failure instanceof SessionEndedException lost
                                        && !lost.isUnsent()
                                        && !append
                                        && session.reconnects()))
                        .join();
    }

    /**
     * Takes a permit. Returns false if no permit becomes free within the session's timeout, or if the connection ends,
     * because the permits of lost writes are returned late. In both cases, the file's unanswered writes have succeeded
     * or failed.
     */
    private boolean takePermit(final OpenFile file) throws InterruptedIOException {
        if (permits.tryAcquire()) {
            return true;
        }
        // What is gathered has permits too, and gives them back when it is written.
        late.sendAll();
        try (Bystander bystander = session.receiveForBystander()) {
            final long begun = System.nanoTime();
            while (session.isConnected() && System.nanoTime() - begun < session.timeoutNanos()) {
                if (permits.tryAcquire(CONNECTION_CHECK_NANOS, TimeUnit.NANOSECONDS)) {
                    return true;
                }
                session.lookForSilence();
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting to write");
        }
        file.inode().pending.await();
        return false;
    }

    /** Ends the thread that sends what was gathered. What is not sent by then is lost. */
    void close() {
        late.close();
    }
}
