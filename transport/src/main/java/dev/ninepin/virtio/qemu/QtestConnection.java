package dev.ninepin.virtio.qemu;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A connection that speaks qtest over a pair of pipes: one command a line, and one answer to each, in the same order.
 * Any thread.
 *
 * <p>{@link #call} sends a command and waits for its answer. {@link #post} only sends; the next thread that waits for
 * an answer reads the posted command's answer too.
 *
 * <p>Locks: {@code sending} and {@code reading}; no thread holds both at once. So a thread that waits for an answer
 * does not delay a doorbell.
 *
 * <p>Source: the comment at the head of QEMU's {@code softmmu/qtest.c}.
 */
final class QtestConnection {
    /**
     * The largest number of unread answers. Beyond it {@link #post} reads some of them, because the pipe holds only so
     * many.
     */
    private static final int MOST_UNREAD = 2048;

    /** The source of the reason why QEMU has closed the connection. */
    interface Obituary {
        IOException hangUpReason();
    }

    @GuardedBy("sending")
    private final OutputStream commands;

    @GuardedBy("reading")
    private final InputStream answers;

    private final Obituary obituary;

    /** Held while a command is sent and appended to {@link #due}, so that {@link #due} has the commands' order. */
    private final ReentrantLock sending = new ReentrantLock();

    /** Held while answers are read and removed from {@link #due}. */
    private final ReentrantLock reading = new ReentrantLock();

    private final Queue<Answer> due = new ConcurrentLinkedQueue<>();
    private final AtomicInteger unread = new AtomicInteger();

    QtestConnection(final OutputStream commands, final InputStream answers, final Obituary obituary) {
        this.commands = commands;
        this.answers = answers;
        this.obituary = obituary;
    }

    /**
     * Sends a command, and blocks until its answer arrives.
     *
     * @return the value in the answer; 0 if it has none
     * @throws IOException if QEMU is gone, or refuses this command or an earlier posted one
     */
    long call(final String command) throws IOException {
        final Answer answer = send(command);
        reading.lock();
        try {
            while (answer.text == null) {
                readNext();
            }
            return answer.value();
        } finally {
            reading.unlock();
        }
    }

    /**
     * Sends a command without waiting for its answer. If QEMU refuses it, the next call that reads the answer throws.
     */
    void post(final String command) throws IOException {
        send(command);
        if (unread.get() > MOST_UNREAD) {
            reading.lock();
            try {
                while (unread.get() > MOST_UNREAD / 2) {
                    readNext();
                }
            } finally {
                reading.unlock();
            }
        }
    }

    /** Returns the last letter of the commands that access {@code width} bytes: 1, 2 or 4. */
    static char suffix(final int width) {
        return switch (width) {
            case Byte.BYTES -> 'b';
            case Short.BYTES -> 'w';
            default -> 'l';
        };
    }

    private Answer send(final String command) throws IOException {
        final Answer answer = new Answer(command);
        final byte[] line = (command + '\n').getBytes(US_ASCII);
        sending.lock();
        try {
            due.add(answer);
            unread.incrementAndGet();
            commands.write(line);
            commands.flush();
        } catch (final IOException e) {
            throw hungUp(e);
        } finally {
            sending.unlock();
        }
        return answer;
    }

    @GuardedBy("reading")
    private void readNext() throws IOException {
        String line = readLine();
        while (line.startsWith("IRQ ")) {
            line = readLine();
        }
        final @Nullable Answer answer = due.poll();
        if (answer == null) {
            throw new IOException("unexpected qtest answer from QEMU: '" + line + "'");
        }
        unread.decrementAndGet();
        answer.text = line;
        answer.value();
    }

    @GuardedBy("reading")
    private String readLine() throws IOException {
        final ByteArrayOutputStream line = new ByteArrayOutputStream();
        try {
            for (int b = answers.read(); b != '\n'; b = answers.read()) {
                if (b < 0) {
                    throw new IOException("end of the qtest connection");
                }
                line.write(b);
            }
        } catch (final IOException e) {
            throw hungUp(e);
        }
        return line.toString(US_ASCII);
    }

    private IOException hungUp(final IOException cause) {
        final IOException reason = obituary.hangUpReason();
        reason.addSuppressed(cause);
        return reason;
    }

    /** The answer to one command, or the place for it until it arrives. Guarded by {@link #reading}. */
    private static final class Answer {
        private static final String OK = "OK";

        private final String command;
        private @Nullable String text;

        Answer(final String command) {
            this.command = command;
        }

        long value() throws IOException {
            final String answer = String.valueOf(text);
            try {
                if (answer.equals(OK)) {
                    return 0;
                }
                if (answer.startsWith(OK + ' ')) {
                    return Long.decode(answer.substring(OK.length() + 1).trim());
                }
            } catch (final NumberFormatException e) {
                throw refused(answer, e);
            }
            throw refused(answer, null);
        }

        private IOException refused(final String answer, final @Nullable Exception cause) {
            return new IOException("QEMU answered '" + answer + "' to the qtest command '" + command + "'", cause);
        }
    }
}
