package dev.ninepin.virtio;

import static java.nio.charset.StandardCharsets.US_ASCII;

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
 * The qtest protocol over a pair of pipes: a command in each line, an answer to each in the same order. A command is
 * either called, which waits for its answer, or posted, which does not; the answer is then read by whoever waits next.
 * Any thread.
 *
 * <p>Locks: {@code sending}, then {@code reading}; a sender never waits for a reader, so a doorbell is not held up by
 * someone who waits for an answer.
 *
 * <p>Source: the comment at the head of QEMU's {@code softmmu/qtest.c}.
 */
final class QtestConnection {
    /** Posted commands whose answers nobody has read yet, before one who posts reads some: they wait in a pipe. */
    private static final int MOST_UNREAD = 2048;

    /** Where the reason is to be had when QEMU has hung up. */
    interface Obituary {
        IOException write();
    }

    private final OutputStream commands;
    private final InputStream answers;
    private final Obituary obituary;

    /** Guards {@link #commands}, and that {@link #due} has the same order. */
    private final ReentrantLock sending = new ReentrantLock();

    /** Guards {@link #answers} and taking from {@link #due}. */
    private final ReentrantLock reading = new ReentrantLock();

    private final Queue<Answer> due = new ConcurrentLinkedQueue<>();
    private final AtomicInteger unread = new AtomicInteger();

    QtestConnection(final OutputStream commands, final InputStream answers, final Obituary obituary) {
        this.commands = commands;
        this.answers = answers;
        this.obituary = obituary;
    }

    /**
     * Sends a command and waits for its answer.
     *
     * @return the value in it; 0 if it has none
     * @throws IOException if QEMU is gone, or refuses the command
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

    /** Sends a command and returns. Should QEMU refuse it, the next one who reads an answer gets the exception. */
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

    private void readNext() throws IOException {
        String line = readLine();
        while (line.startsWith("IRQ ")) {
            line = readLine();
        }
        final @Nullable Answer answer = due.poll();
        if (answer == null) {
            throw new IOException("QEMU said '" + line + "' without being asked");
        }
        unread.decrementAndGet();
        answer.text = line;
        answer.value();
    }

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
        final IOException reason = obituary.write();
        reason.addSuppressed(cause);
        return reason;
    }

    /** The answer to one command, once it is there. Guarded by {@link #reading}. */
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
