package dev.ninepin.channel.stream;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last lines that a command has written to its standard error. A thread of its own reads them, so that the command
 * never blocks in a write. Any thread may call any method.
 */
final class StderrTail implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(StderrTail.class);

    /** In bytes. Enough for a few lines. */
    private static final int KEPT = 1024;

    private static final Duration READ_WITHIN = Duration.ofSeconds(1);

    private final FileChannel source;
    private final Thread thread;

    /** The last bytes read, from index 0 to the position. */
    @GuardedBy("this")
    private final ByteBuffer tail = ByteBuffer.allocate(2 * KEPT);

    private StderrTail(final FileChannel source, final String name) {
        this.source = source;
        this.thread = new Thread(this::readAll, name);
        thread.setDaemon(true);
    }

    /** Starts to read {@code source} to its end. Takes ownership of it. */
    static StderrTail of(final FileChannel source, final String threadName) {
        final StderrTail words = new StderrTail(source, threadName);
        words.thread.start();
        return words;
    }

    /**
     * Returns the last lines, separated by {@code "; "}. Blocks up to a second for the rest of the output of a command
     * that has just died.
     */
    String text() {
        awaitEnd();
        final String text;
        synchronized (this) {
            text = new String(tail.array(), 0, tail.position(), UTF_8);
        }
        return text.lines()
                .map(line -> line.replaceAll("\\p{Cntrl}", "?").strip())
                .filter(line -> !line.isEmpty())
                .collect(Collectors.joining("; "));
    }

    /** Stops reading and closes the pipe. */
    @Override
    public void close() {
        try {
            source.close();
        } catch (final IOException e) {
            LOG.debug("Closing a command's standard error failed; it is gone all the same", e);
        }
        awaitEnd();
    }

    private void readAll() {
        final ByteBuffer part = ByteBuffer.allocate(KEPT);
        try {
            while (source.read(part.clear()) >= 0) {
                keep(part.flip());
            }
        } catch (final ClosedChannelException e) {
            LOG.trace("Nobody asks for the last words any more");
        } catch (final IOException e) {
            LOG.debug("A command's standard error is read no further", e);
        }
    }

    private synchronized void keep(final ByteBuffer part) {
        final int surplus = tail.position() + part.remaining() - KEPT;
        if (surplus > 0) {
            tail.flip().position(Math.min(surplus, tail.limit()));
            tail.compact();
        }
        tail.put(part);
    }

    private void awaitEnd() {
        try {
            thread.join(READ_WITHIN.toMillis());
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
