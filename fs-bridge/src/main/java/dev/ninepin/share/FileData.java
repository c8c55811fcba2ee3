package dev.ninepin.share;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.session.Batch;
import dev.ninepin.session.Call;
import dev.ninepin.session.ReadReply;
import dev.ninepin.session.Session;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes of open files. What one message does not hold goes in several, many of them under way at once; but
 * appends go one after the other, because a server finishes requests in any order. Any thread.
 */
final class FileData {
    /** The most requests of one read that are under way at once; more of them bring nothing. */
    private static final int MOST_AT_ONCE = 16;

    /**
     * In bytes; what is asked for at least after a short reply. propolis brings 31 bytes less than it is asked for, so
     * that the last few would never come (its {@code p9fs.rs}, do_read).
     */
    private static final int LEAST_TO_GO_ON = 512;

    /** Of a file, in bytes: a page of this kernel. */
    private static final int BLOCK = 4096;

    /** In bytes; a server that says to move less at once is not believed: a read would be a flood of messages. */
    private static final int LEAST_IOUNIT = 512;

    private final Session session;
    private final DataBuffers buffers = new DataBuffers();
    private final int atOnce;

    /**
     * Half of the session's requests with data. A read that takes more than one reply takes places for all that it has under
     * way at once, before it takes anything else, and keeps them until its result is closed. So a reply never waits for
     * another one of the same read to find room, and there are never more buffers than places.
     */
    private final Semaphore places;

    FileData(final Session session) {
        this.session = session;
        final int half = Math.max(1, Math.min(session.maxRequests(), session.maxDataRequests()) / 2);
        this.atOnce = Math.min(half, MOST_AT_ONCE);
        this.places = new Semaphore(half, true);
    }

    /** Reads up to {@code count} bytes; fewer only at the end of the file. */
    ReadResult read(final OpenFile file, final long offset, final int count) throws IOException {
        if (count <= chunk(file)) {
            final ReadReply reply = session.read(file.fid(), offset, count).await();
            if (!mayHaveMore(file, offset, reply.data().remaining(), count)) {
                return lent(reply);
            }
            // Read again with the rest: a thread that waits for a place must hold no reply that others need room of.
            reply.close();
        }
        return readInPlaces(file, offset, count);
    }

    private ReadResult readInPlaces(final OpenFile file, final long offset, final int count) throws IOException {
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
            readInto(data, file, offset, count, wanted * chunk(file));
            data.flip();
            done = true;
            return lent(data, wanted);
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

    /** @param group bytes that may be asked for at once */
    private void readInto(
            final ByteBuffer data, final OpenFile file, final long offset, final int count, final int group)
            throws IOException {
        for (int done = 0; done < count && data.position() == done; done += group) {
            readGroup(file, offset + done, Math.min(group, count - done), data);
        }
        readOn(file, offset, count, data);
    }

    /**
     * Writes all that remains of {@code data}; fewer bytes if the server could not write more, and an exception only
     * if it could not write any.
     *
     * @param flags of this write: whether it appends
     */
    int write(final OpenFile file, final long offset, final ByteBuffer data, final int flags) throws IOException {
        final boolean append = (flags & OpenFlags.APPEND) != 0;
        final int fid = file.fidToWrite(append);
        final int chunk = chunk(file);
        if (!append) {
            return writeChunks(fid, offset, data, chunk);
        }
        // Where the server does not append by itself, the kernel's end may lie before what another host has appended.
        final long end = session.isGanesha()
                ? session.getattr(fid, AttrMask.SIZE).await().size()
                : offset;
        int written = 0;
        while (data.hasRemaining()) {
            final ByteBuffer part = data.slice(data.position(), Math.min(chunk, data.remaining()));
            final int done = writeChunks(fid, end + written, part, chunk);
            data.position(data.position() + done);
            written += done;
            if (done < part.capacity()) {
                break;
            }
        }
        return written;
    }

    /** Reads as many chunks as may be under way at once, and puts what they bring behind what is in {@code data}. */
    private void readGroup(final OpenFile file, final long offset, final int count, final ByteBuffer data)
            throws IOException {
        final int chunk = chunk(file);
        final List<Call<ReadReply>> calls = new ArrayList<>();
        try (Batch batch = session.batch()) {
            for (int done = 0; done < count; done += chunk) {
                calls.add(session.read(file.fid(), offset + done, Math.min(chunk, count - done)));
            }
        }
        boolean whole = true;
        IOException failure = null;
        for (final Call<ReadReply> call : calls) {
            try (ReadReply reply = call.await()) {
                // What follows a gap is not the file's next bytes.
                if (whole && failure == null) {
                    whole = reply.data().remaining() == chunk;
                    data.put(reply.data());
                }
            } catch (final IOException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null && data.position() == 0) {
            throw failure;
        }
    }

    /** Goes on after a short reply, until the end of the file or of the request. */
    private void readOn(final OpenFile file, final long offset, final int count, final ByteBuffer data)
            throws IOException {
        while (mayHaveMore(file, offset, data.position(), count)) {
            final int rest = Math.min(count - data.position(), chunk(file));
            final int asked = Math.min(Math.max(rest, LEAST_TO_GO_ON), chunk(file));
            try (ReadReply reply =
                    session.read(file.fid(), offset + data.position(), asked).await()) {
                final ByteBuffer more = reply.data();
                if (!more.hasRemaining()) {
                    break;
                }
                data.put(more.slice(more.position(), Math.min(rest, more.remaining())));
            }
        }
    }

    /**
     * A short reply ends the file, as a rule, and another request just to hear that would double the cost of every
     * small file; so one is only sent where the size that was last seen says that there is more.
     */
    private static boolean mayHaveMore(final OpenFile file, final long offset, final int got, final int count) {
        final Rgetattr seen = file.inode().attributes();
        return got < count && seen != null && Long.compareUnsigned(offset + got, seen.size()) < 0;
    }

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
                    whole = done == Math.min(chunk, count - written);
                    written += done;
                }
            } catch (final IOException e) {
                failure = failure == null ? e : failure;
            }
        }
        if (failure != null && written == 0) {
            throw failure;
        }
        return written;
    }

    /**
     * The bytes that one message moves. Whole blocks, if it has room for one: a page of the kernel's that came in two
     * pieces could be of two versions of the file.
     */
    private int chunk(final OpenFile file) {
        final int most = file.iounit() >= LEAST_IOUNIT ? Math.min(file.iounit(), session.maxIo()) : session.maxIo();
        return most < BLOCK ? most : most - most % BLOCK;
    }

    private ReadResult lent(final ByteBuffer data, final int taken) {
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

    private static ReadResult lent(final ReadReply reply) {
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
