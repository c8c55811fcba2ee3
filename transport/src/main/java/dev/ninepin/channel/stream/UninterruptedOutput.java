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

/**
 * The writing end of a pipe. A thread that is never interrupted does the writes, because the JDK closes a file when a
 * thread in it is interrupted. Used by one thread at a time, except for {@link #close}.
 */
final class UninterruptedOutput implements WritableByteChannel {
    private final FileChannel pipe;
    private final ExecutorService writer;

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
        final Future<Integer> written;
        try {
            written = writer.submit(() -> pipe.write(source));
        } catch (final RejectedExecutionException e) {
            throw new IOException("the pipe is closed", e);
        }
        try {
            return SeparateCall.awaitUninterruptibly(written, limitNanos);
        } catch (final TimeoutException e) {
            throw new IOException(
                    "the server has read nothing for " + TimeUnit.NANOSECONDS.toMillis(limitNanos) / 1000.0 + " s", e);
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
