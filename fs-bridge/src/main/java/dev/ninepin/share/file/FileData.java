package dev.ninepin.share.file;

import dev.ninepin.operations.ReadResult;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.Batch;
import dev.ninepin.session.exchange.Bystander;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.share.cache.PendingWrites;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.path.UnknownOutcomeException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the data of open files. A request that does not fit into one message is split, and its parts are
 * sent together. Appends are the exception: their parts are sent one by one, since a server may finish requests in any
 * order. Any thread may call any method.
 */
final class FileData {
    /** The maximum number of requests that one read has under way; more do not make it faster. */
    private static final int MOST_AT_ONCE = 16;

    /**
     * The minimum size of a request after a short reply, in bytes. propolis returns 31 bytes less than requested
     * ({@code p9fs.rs}, do_read). A request for just the last few bytes would return nothing.
     */
    private static final int LEAST_TO_GO_ON = 512;

    /** The page size of the kernel, in bytes. */
    private static final int BLOCK = 4096;

    /** The smallest iounit that is respected, in bytes. With a smaller one, a read would become a flood of messages. */
    private static final int LEAST_IOUNIT = 512;

    private final Session session;
    private final DataBuffers buffers = new DataBuffers();
    private final int atOnce;

    /**
     * The permits for split reads: half of the session's requests with data.
     *
     * <p>A split read takes permits for all its concurrent requests before it sends any, and keeps them until its
     * result is closed. So no reply waits for another reply of the same read to free its buffer. There are never more
     * buffers than permits.
     */
    private final Semaphore places;

    /** The permits for writes that nothing waits for: half of the session's requests with data. */
    private final Semaphore behind;

    /** The largest write that the server has been seen to do at once, in bytes. */
    private volatile int provenSize;

    FileData(final Session session) {
        this.session = session;
        final int half = Math.max(1, Math.min(session.maxRequests(), session.maxDataRequests()) / 2);
        this.atOnce = Math.min(half, MOST_AT_ONCE);
        this.places = new Semaphore(half, true);
        this.behind = new Semaphore(half, true);
    }

    /** Reads up to {@code count} bytes. The result is shorter only at the end of the file. */
    ReadResult read(final OpenFile file, final long offset, final int count) throws IOException {
        return session.repeatIfLost(() -> read(file, file.fid(), offset, count));
    }

    /** Reads like {@link #read(OpenFile, long, int)}, over one fid: its connection determines the size of the messages. */
    private ReadResult read(final OpenFile file, final int fid, final long offset, final int count) throws IOException {
        if (count <= chunk(file)) {
            final ReadReply reply = session.read(fid, offset, count).await();
            if (!mayHaveMore(file, offset, reply.data().remaining(), count)) {
                return toResult(reply);
            }
            // Reads these bytes again with the rest: a thread that waits for permits must not hold a reply, whose
            // buffer others may need.
            reply.close();
        }
        return readInPlaces(file, fid, offset, count);
    }

    /** Reads with several requests, as soon as there are permits for them. */
    private ReadResult readInPlaces(final OpenFile file, final int fid, final long offset, final int count)
            throws IOException {
        final int wanted = Math.min(atOnce, (count - 1) / chunk(file) + 1);
        try {
            places.acquire(wanted);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting to read");
        }
        ByteBuffer data = null;
        boolean done = false;
        try {
            data = buffers.take(count);
            readInto(data, file, fid, offset, count, wanted * chunk(file));
            data.flip();
            done = true;
            return toResult(data, wanted);
        } finally {
            if (!done) {
                giveBack(data, wanted);
            }
        }
    }

    private void giveBack(final @Nullable ByteBuffer data, final int taken) {
        if (data != null) {
            buffers.giveBack(data);
        }
        places.release(taken);
    }

    /**
     * Reads {@code count} bytes group by group, until a reply is short.
     *
     * @param group the number of bytes that may be requested at the same time
     */
    private void readInto(
            final ByteBuffer data,
            final OpenFile file,
            final int fid,
            final long offset,
            final int count,
            final int group)
            throws IOException {
        for (int done = 0; done < count && data.position() == done; done += group) {
            readGroup(file, fid, offset + done, Math.min(group, count - done), data);
        }
        readOn(file, fid, offset, count, data);
    }

    /**
     * Writes the remaining bytes of {@code data} and returns how many were written. The count is smaller if the server
     * could not write more. Throws only if nothing was written, or if it is not known whether something was appended.
     *
     * @param flags the flags of this write: with APPEND it goes to the end of the file
     */
    int write(final OpenFile file, final long offset, final ByteBuffer data, final int flags) throws IOException {
        file.inode().pending.noteWrite(session.connection());
        if ((flags & OpenFlags.APPEND) == 0) {
            return session.repeatIfLost(() -> {
                // In this order: the fid's connection determines the size of the messages.
                final int fid = file.fidToWrite(false);
                return writeChunks(fid, offset, data, chunk(file));
            });
        }
        int written = 0;
        while (data.hasRemaining()) {
            final int before = data.remaining();
            final boolean isWhole = append(file, offset + written, data);
            written += before - data.remaining();
            if (!isWhole) {
                break;
            }
        }
        return written;
    }

    /**
     * Appends as many bytes as one message carries. Returns whether the server has written all of them.
     *
     * @param offset where the kernel believes the end of the file to be
     */
    private boolean append(final OpenFile file, final long offset, final ByteBuffer data) throws IOException {
        while (true) {
            // nfs-ganesha does not append by itself, and the kernel's offset may lie before data that another client
            // has
            // appended.
            final long[] end = {offset};
            final int fid = session.repeatIfLost(() -> {
                final int opened = file.fidToWrite(true);
                if (session.isGanesha()) {
                    end[0] = session.getattr(opened, AttrMask.SIZE).await().size();
                }
                return opened;
            });
            final ByteBuffer part = data.slice(data.position(), Math.min(chunk(file), data.remaining()));
            try {
                final int done = writeChunks(fid, end[0], part, part.remaining());
                data.position(data.position() + done);
                return done == part.capacity();
            } catch (final SessionEndedException e) {
                if (!e.isUnsent()) {
                    throw UnknownOutcomeException.of(
                            "append to node " + file.inode().node(), e);
                }
                session.awaitReturn(e);
            }
        }
    }

    /**
     * Sends the remaining bytes of {@code data} without waiting for the answers, and adds the writes to the file's
     * {@link PendingWrites}. Blocks while as many such writes are unanswered as the session allows.
     *
     * <p>Sends no more than the server has been seen to write at once: a server may write less than it was sent, and then
     * the rest of these bytes would be lost.
     *
     * @param flags the flags of this write. With APPEND, the caller has waited for the earlier writes, and the bytes fit
     *     into one message ({@link #fitsOneMessage})
     * @return the number of bytes sent; 0 if the caller must wait for this write
     * @throws IOException if nothing was sent because the connection has ended or the thread is interrupted
     */
    int writeBehind(final OpenFile file, final long offset, final ByteBuffer data, final int flags) throws IOException {
        final boolean append = (flags & OpenFlags.APPEND) != 0;
        final int fid = file.fidToWrite(append);
        final int chunk = chunk(file);
        final int start = data.position();
        final int count = data.remaining();
        int done = 0;
        while (done < count) {
            final int size = Math.min(chunk, count - done);
            if (size > provenSize || !takePermit(file)) {
                break;
            }
            file.inode().pages.beginChange();
            file.inode().pending.noteWrite(session.connection());
            final ByteBuffer bytes = data.slice(start + done, size);
            final Behind write =
                    append || !session.reconnects() ? new Behind(file) : new Behind(file, offset + done, bytes);
            final Call<Rwrite> call = session.write(fid, offset + done, bytes);
            final CompletableFuture<?> unused = call.future().whenComplete((reply, failure) -> {
                if (!(failure instanceof SessionEndedException) || !session.reconnects()) {
                    write.end();
                }
                if (reply != null && reply.count() < size) {
                    provenSize = 0;
                }
            });
            if (isUnsent(call, append)) {
                write.end();
                file.inode().pages.endChange();
                if (done == 0) {
                    awaitFailure(call, file, append);
                }
                break;
            }
            // Another client may append meanwhile, so the offset of an append is unknown.
            final long from = append ? 0 : offset + done;
            file.inode()
                    .pending
                    .add(call, size, from, append ? Long.MAX_VALUE : from + size, session.reconnects() ? write : null);
            done += size;
        }
        return done;
    }

    private static void awaitFailure(final Call<?> call, final OpenFile file, final boolean append) throws IOException {
        try {
            call.await();
        } catch (final SessionEndedException e) {
            if (append && !e.isUnsent()) {
                throw UnknownOutcomeException.of(
                        "append to node " + file.inode().node(), e);
            }
            throw e;
        }
    }

    /**
     * A write behind: its permit of {@link #behind}, and a copy of its bytes until the server has answered, for the case
     * that the connection ends before.
     */
    private final class Behind implements PendingWrites.Lost {
        private final OpenFile file;
        private final long offset;
        private final AtomicReference<@Nullable ByteBuffer> copy = new AtomicReference<>();
        private final AtomicBoolean ended = new AtomicBoolean();

        /** A write that cannot be repeated: it appends, or no other connection follows. */
        Behind(final OpenFile file) {
            this.file = file;
            this.offset = 0;
        }

        Behind(final OpenFile file, final long offset, final ByteBuffer bytes) {
            this.file = file;
            this.offset = offset;
            copy.set(buffers.take(bytes.remaining()).put(bytes.duplicate()).flip());
        }

        /** Gives back the permit and the copy. Does nothing the second time. */
        void end() {
            if (ended.getAndSet(true)) {
                return;
            }
            final ByteBuffer held = copy.getAndSet(null);
            if (held != null) {
                buffers.giveBack(held);
            }
            behind.release();
        }

        @Override
        public int writeAgain() throws IOException {
            final ByteBuffer bytes = copy.get();
            boolean isInterrupted = false;
            try {
                if (bytes == null) {
                    throw UnknownOutcomeException.of(
                            "append to node " + file.inode().node(), null);
                }
                return write(file, offset, bytes.duplicate(), 0);
            } catch (final InterruptedIOException e) {
                isInterrupted = true;
                throw e;
            } finally {
                if (!isInterrupted) {
                    end();
                }
            }
        }
    }

    /**
     * Returns whether a write has failed without an answer: the session has ended, or there was no tag for it. A write
     * whose connection has ended will be sent again, unless it appends.
     */
    private boolean isUnsent(final Call<?> call, final boolean append) {
        return call.future().isCompletedExceptionally()
                && call.future()
                        .handle((reply, failure) -> !(failure instanceof RemoteException)
                                && !(failure instanceof SessionEndedException && !append && session.reconnects()))
                        .join();
    }

    /**
     * Takes a permit of {@link #behind}. Returns false if there is none within the session's timeout; the file's
     * unanswered writes have been given up then.
     */
    private boolean takePermit(final OpenFile file) throws InterruptedIOException {
        if (behind.tryAcquire()) {
            return true;
        }
        try (Bystander bystander = session.receiveForBystander()) {
            if (behind.tryAcquire(session.timeoutNanos(), TimeUnit.NANOSECONDS)) {
                return true;
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting to write");
        }
        file.inode().pending.await();
        return false;
    }

    /** Returns whether one message can carry {@code count} bytes to or from a file. */
    boolean fitsOneMessage(final OpenFile file, final int count) {
        return count <= chunk(file);
    }

    /**
     * Reads one group of chunks concurrently, and appends their data to {@code data}, up to and including the first
     * short reply. Throws only if {@code data} is still empty, or if the connection has ended: then all is read again.
     */
    private void readGroup(
            final OpenFile file, final int fid, final long offset, final int count, final ByteBuffer data)
            throws IOException {
        final int chunk = chunk(file);
        final List<Call<ReadReply>> calls = new ArrayList<>();
        try (Batch batch = session.batch()) {
            for (int done = 0; done < count; done += chunk) {
                calls.add(session.read(fid, offset + done, Math.min(chunk, count - done)));
            }
        }
        boolean whole = true;
        IOException failure = null;
        for (final Call<ReadReply> call : calls) {
            try (ReadReply reply = call.await()) {
                // Bytes after a gap are not the file's next bytes.
                if (whole && failure == null) {
                    whole = reply.data().remaining() == chunk;
                    data.put(reply.data());
                }
            } catch (final IOException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null && (data.position() == 0 || failure instanceof SessionEndedException)) {
            throw failure;
        }
    }

    /** Continues after a short reply, until the end of the file or of the request. */
    private void readOn(final OpenFile file, final int fid, final long offset, final int count, final ByteBuffer data)
            throws IOException {
        while (mayHaveMore(file, offset, data.position(), count)) {
            final int rest = Math.min(count - data.position(), chunk(file));
            final int asked = Math.min(Math.max(rest, LEAST_TO_GO_ON), chunk(file));
            try (ReadReply reply =
                    session.read(fid, offset + data.position(), asked).await()) {
                final ByteBuffer more = reply.data();
                if (!more.hasRemaining()) {
                    break;
                }
                data.put(more.slice(more.position(), Math.min(rest, more.remaining())));
            }
        }
    }

    /**
     * Returns whether more bytes should be requested after a short reply. Usually a short reply means the end of the
     * file, and a request to confirm this would double the cost of every small file. So more is requested only if the
     * last known size says that the file is longer.
     */
    private static boolean mayHaveMore(final OpenFile file, final long offset, final int got, final int count) {
        final Rgetattr seen = file.inode().attributes();
        return got < count && seen != null && Long.compareUnsigned(offset + got, seen.size()) < 0;
    }

    /**
     * Writes the remaining bytes of {@code data} concurrently, in parts of {@code chunk} bytes. Returns the number of
     * bytes up to the first short or failed part. Throws only if that is 0, or if the connection has ended.
     */
    private int writeChunks(final int fid, final long offset, final ByteBuffer data, final int chunk)
            throws IOException {
        final List<Call<Rwrite>> calls = new ArrayList<>();
        final int start = data.position();
        final int count = data.remaining();
        try (Batch batch = session.batch()) {
            for (int done = 0; done < count; done += chunk) {
                calls.add(session.write(fid, offset + done, data.slice(start + done, Math.min(chunk, count - done))));
            }
        }
        int written = 0;
        boolean whole = true;
        IOException failure = null;
        for (final Call<Rwrite> call : calls) {
            try {
                final int done = call.await().count();
                if (whole && failure == null) {
                    final int sent = Math.min(chunk, count - written);
                    whole = done == sent;
                    written += done;
                    if (whole && sent > provenSize) {
                        provenSize = sent;
                    }
                }
            } catch (final IOException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null && (written == 0 || failure instanceof SessionEndedException)) {
            throw failure;
        }
        return written;
    }

    /**
     * Returns how many bytes one message moves: whole pages if one fits. A page that is read in two parts could mix two
     * versions of the file.
     */
    private int chunk(final OpenFile file) {
        final int most = file.iounit() >= LEAST_IOUNIT ? Math.min(file.iounit(), session.maxIo()) : session.maxIo();
        return most < BLOCK ? most : most - most % BLOCK;
    }

    private ReadResult toResult(final ByteBuffer data, final int taken) {
        return new ReadResult() {
            @Override
            public ByteBuffer data() {
                return data;
            }

            @Override
            public void close() {
                giveBack(data, taken);
            }
        };
    }

    private static ReadResult toResult(final ReadReply reply) {
        return new ReadResult() {
            @Override
            public ByteBuffer data() {
                return reply.data();
            }

            @Override
            public void close() {
                reply.close();
            }
        };
    }
}
