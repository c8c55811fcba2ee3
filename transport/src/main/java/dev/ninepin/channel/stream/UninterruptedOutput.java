package dev.ninepin.channel.stream;

import dev.ninepin.os.SeparateCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The writing end of a pipe. A thread that is never interrupted does the writes, because the JDK closes a file when a
 * thread in it is interrupted. Used by one thread at a time, except for {@link #close}.
 */
final class UninterruptedOutput implements WritableByteChannel {
    /** Enough for a Twrite of 128 KiB, the most that the kernel writes at once. */
    private static final int TAKEN_SIZE = 1 << 18;

    private final FileChannel pipe;
    private final ExecutorService writer;

    /** Bytes for the writing thread, which reads them while {@link #writing} is not done. */
    private final ByteBuffer taken = ByteBuffer.allocateDirect(TAKEN_SIZE);

    /** The last write; null once it is known to be done. */
    private @Nullable Future<Boolean> writing;

    /** How long a write may wait for room, in nanoseconds. */
    private volatile long limitNanos = Long.MAX_VALUE;

    UninterruptedOutput(final FileChannel pipe, final String threadName) {
        this.pipe = pipe;
        this.writer = Executors.newSingleThreadExecutor(task -> {
            final Thread thread = new Thread(task, threadName);
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public int write(final ByteBuffer source) throws IOException {
        final long limit = limitNanos;
        final int count = write(source, limit);
        if (count == 0) {
            throw new IOException(
                    "the server has read nothing for " + TimeUnit.NANOSECONDS.toMillis(limit) / 1000.0 + " s");
        }
        return count;
    }

    /** Writes like {@link #write}, but returns 0 once {@code deadline}, a {@link System#nanoTime}, has passed. */
    int writeUntil(final ByteBuffer source, final long deadline) throws IOException {
        return write(source, Math.max(0, deadline - System.nanoTime()));
    }

    /**
     * Waits until the earlier bytes are written, takes bytes of {@code source}, and waits until these are written.
     * Blocks for at most {@code nanos}. Returns how many bytes were taken; they may not be written yet.
     */
    private int write(final ByteBuffer source, final long nanos) throws IOException {
        final long begin = System.nanoTime();
        if (!awaitWritten(nanos)) {
            return 0;
        }
        final int count = Math.min(source.remaining(), taken.capacity());
        taken.clear().put(source.slice(source.position(), count)).flip();
        try {
            writing = writer.submit(this::writeTaken);
        } catch (final RejectedExecutionException e) {
            throw new IOException("the pipe is closed", e);
        }
        source.position(source.position() + count);
        final boolean unused = awaitWritten(nanos - (System.nanoTime() - begin));
        return count;
    }

    private boolean writeTaken() throws IOException {
        while (taken.hasRemaining()) {
            pipe.write(taken);
        }
        return true;
    }

    /** Blocks until the bytes taken so far are written, at most for {@code nanos}. Returns whether they are. */
    private boolean awaitWritten(final long nanos) throws IOException {
        final Future<Boolean> last = writing;
        if (last == null) {
            return true;
        }
        try {
            final boolean written = SeparateCall.awaitUninterruptibly(last, nanos);
            writing = null;
            return written;
        } catch (final TimeoutException e) {
            return false;
        }
    }

    /** Sets how long a write may wait for room, in nanoseconds. */
    void limit(final long nanos) {
        limitNanos = nanos;
    }

    @Override
    public boolean isOpen() {
        return pipe.isOpen();
    }

    /** Closes the pipe and wakes the blocked thread. */
    @Override
    public void close() throws IOException {
        pipe.close();
        writer.shutdown();
    }
}
