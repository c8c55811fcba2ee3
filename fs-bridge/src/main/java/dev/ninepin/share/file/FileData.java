package dev.ninepin.share.file;

import dev.ninepin.operations.ReadResult;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.session.Session;
import dev.ninepin.session.exchange.Batch;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.share.cache.PendingWrites;
import dev.ninepin.share.inode.OpenFile;
import dev.ninepin.share.path.UnknownOutcomeException;
import dev.ninepin.share.path.UnsyncedFiles;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
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
    private final UnsyncedFiles unsynced;
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

    private final WritesBehind behind;

    FileData(final Session session, final UnsyncedFiles unsynced) {
        this.session = session;
        this.unsynced = unsynced;
        final int half = Math.max(1, Math.min(session.maxRequests(), session.maxDataRequests()) / 2);
        this.atOnce = Math.min(half, MOST_AT_ONCE);
        this.places = new Semaphore(half, true);
        this.behind = new WritesBehind(session, buffers, unsynced, this::writeUnnoted, half);
    }

    /** Reads up to {@code count} bytes. The result is shorter only at the end of the file. */
    ReadResult read(final OpenFile file, final long offset, final int count) throws IOException {
        return session.repeatIfLost(() -> readOnce(file, offset, count));
    }

    private ReadResult readOnce(final OpenFile file, final long offset, final int count) throws IOException {
        if (count <= chunk(file)) {
            final ReadReply reply = file.read(fid -> session.read(fid, offset, Math.min(count, chunk(file))));
            // The file may just have been opened again over a connection with smaller messages.
            final boolean isWhole = count <= chunk(file);
            if (isWhole && !mayHaveMore(file, offset, reply.data().remaining(), count)) {
                return toResult(reply);
            }
            // Reads these bytes again with the rest: a thread that waits for permits must not hold a reply, whose
            // buffer others may need.
            reply.close();
        }
        // In this order: the fid's connection determines the size of the messages.
        final int fid = file.fid();
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
     * could not write more. Throws only if nothing was written, or if it is unknown whether bytes were appended.
     *
     * @param flags the flags of this write: with APPEND it goes to the end of the file
     */
    int write(final OpenFile file, final long offset, final ByteBuffer data, final int flags) throws IOException {
        if ((flags & OpenFlags.APPEND) == 0) {
            return session.repeatIfLost(() -> {
                final int connection = session.connection();
                final int done = writeOnce(file, offset, data);
                noteWrite(file, connection, offset, data.slice(data.position(), done));
                return done;
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
     * Writes bytes as {@link #write} does, but not as an append. Records no unsynced change, because the caller did so
     * when it first sent the write.
     */
    private int writeUnnoted(final OpenFile file, final long offset, final ByteBuffer data) throws IOException {
        return session.repeatIfLost(() -> writeOnce(file, offset, data));
    }

    private int writeOnce(final OpenFile file, final long offset, final ByteBuffer data) throws IOException {
        // In this order: the fid's connection determines the size of the messages.
        final int fid = file.fidToWrite(false);
        return writeChunks(fid, offset, data, chunk(file));
    }

    private void noteWrite(final OpenFile file, final int connection, final long offset, final ByteBuffer written) {
        unsynced.note(file.inode(), connection, expected -> expected.write(offset, written));
    }

    /**
     * Appends as many bytes as one message carries. Returns whether the server has written all of them.
     *
     * @param offset the end of the file as the kernel knows it
     */
    private boolean append(final OpenFile file, final long offset, final ByteBuffer data) throws IOException {
        while (true) {
            // nfs-ganesha ignores APPEND, and another client may have moved the end of the file beyond the offset.
            final long[] end = {offset};
            final int fid = session.repeatIfLost(() -> {
                final int opened = file.fidToWrite(true);
                if (session.isGanesha()) {
                    end[0] = session.getattr(opened, AttrMask.SIZE).await().size();
                }
                return opened;
            });
            final ByteBuffer part = data.slice(data.position(), Math.min(chunk(file), data.remaining()));
            final int connection = session.connection();
            try {
                final int done = writeChunks(fid, end[0], part, part.remaining());
                noteWrite(file, connection, end[0], part.slice(0, done));
                data.position(data.position() + done);
                return done == part.capacity();
            } catch (final SessionEndedException e) {
                if (!e.isUnsent()) {
                    throw UnknownOutcomeException.of(
                            "append to node " + file.inode().node(), e);
                }
                session.awaitConnectionAfter(e);
            }
        }
    }

    /**
     * Sends the remaining bytes of {@code data} as {@link WritesBehind#send} does.
     *
     * @param flags the flags of this write. With APPEND, the bytes fit into one message ({@link #fitsOneMessage})
     */
    int writeBehind(final OpenFile file, final long offset, final ByteBuffer data, final int flags) throws IOException {
        // In this order: the fid's connection determines the size of the messages.
        final int fid = file.fidToWrite((flags & OpenFlags.APPEND) != 0);
        return behind.send(file, fid, offset, data, flags, chunk(file));
    }

    /** Copies the remaining bytes of {@code data} as {@link WritesBehind#gather} does. */
    boolean gather(final OpenFile file, final PendingWrites.Target to, final ByteBuffer data) throws IOException {
        return behind.gather(file, to, data, () -> chunk(file));
    }

    /** Returns whether one message can carry {@code count} bytes to or from a file. */
    boolean fitsOneMessage(final OpenFile file, final int count) {
        return count <= chunk(file);
    }

    /**
     * Reads one group of chunks concurrently, and appends their data to {@code data}, up to and including the first
     * short reply. Throws only if {@code data} is still empty, or if the connection has ended. The caller then reads
     * everything again.
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
     * last known size, or a write on this mount since then, says that the file is longer.
     */
    private static boolean mayHaveMore(final OpenFile file, final long offset, final int got, final int count) {
        return got < count && Long.compareUnsigned(offset + got, file.inode().knownEnd()) < 0;
    }

    /**
     * Writes the remaining bytes of {@code data} concurrently, in parts of {@code chunk} bytes. Returns the number of
     * bytes up to the first short or failed part. Throws only if this number is 0, or if the connection has ended.
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
                    if (whole) {
                        behind.noteWritten(sent);
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

    /** Ends the thread that sends gathered writes. */
    void close() {
        behind.close();
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
