package dev.ninepin.guest;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The host's side of the port to {@code ninepin-guest-agent}, which describes the protocol. Handles one request at a
 * time. Unusable after an exception.
 */
final class GuestAgent implements AutoCloseable {
    private final OutputStream toGuest;
    private final InputStream fromGuest;
    private final Optional<Path> files;

    /** Runs the blocking I/O on a thread of its own, so that the caller can give up. */
    private final ExecutorService io = Executors.newSingleThreadExecutor(task -> {
        final Thread thread = new Thread(task, "ninepin-guest-agent");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * @param files the directory in which the guest finds scripts and their input, if they are not sent to the guest
     */
    GuestAgent(final OutputStream toGuest, final InputStream fromGuest, final Optional<Path> files) {
        this.toGuest = toGuest;
        this.fromGuest = fromGuest;
        this.files = files;
    }

    /** The reason why the agent is unusable; null while it works. Used only by the thread that runs commands. */
    private IOException broken;

    /** The result of a command in the guest. */
    record Answer(int status, String output, String errors) {}

    /**
     * Blocks until the guest is up.
     *
     * @throws IOException if the guest is not up within {@code limit}, or has ended
     */
    void awaitReady(final Duration limit) throws IOException {
        final String line = await("its agent", limit, this::line);
        if (!line.startsWith("ready ")) {
            throw new IOException("the agent of the guest says \"" + line + "\" when it should say that it is ready");
        }
    }

    /**
     * Runs {@code script} with sh, as root.
     *
     * @param limit the time after which the guest kills the script
     * @throws IOException if the guest does not even report that it has killed the script
     */
    Answer run(final byte[] script, final byte[] input, final Duration limit) throws IOException {
        final String head = limit.toSeconds() + " " + script.length + " " + input.length + "\n";
        return await("the end of a command", limit.plusSeconds(60), () -> {
            if (files.isPresent()) {
                Files.write(files.get().resolve("script"), script);
                Files.write(files.get().resolve("input"), input);
                toGuest.write(head.getBytes(Guest.TEXT));
            } else {
                toGuest.write(head.getBytes(Guest.TEXT));
                toGuest.write(script);
                toGuest.write(input);
            }
            toGuest.flush();
            final String[] fields = line().split(" ", -1);
            final String output = text(Integer.parseInt(fields[1]));
            return new Answer(Integer.parseInt(fields[0]), output, text(Integer.parseInt(fields[2])));
        });
    }

    @Override
    public void close() {
        io.shutdownNow();
    }

    private interface Exchange<T> {
        T run() throws IOException;
    }

    private <T> T await(final String what, final Duration limit, final Exchange<T> exchange) throws IOException {
        if (broken != null) {
            throw broken;
        }
        final CompletableFuture<T> result = new CompletableFuture<>();
        final Future<?> unused = io.submit(() -> {
            try {
                result.complete(exchange.run());
            } catch (final IOException | RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (final TimeoutException e) {
            broken = new IOException(
                    "the guest hangs: nothing from it in " + limit.toSeconds() + " s, awaiting " + what, e);
        } catch (final ExecutionException e) {
            broken = new IOException(
                    "the guest has hung up, awaiting " + what + ": "
                            + e.getCause().getMessage(),
                    e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            broken = new IOException("interrupted while awaiting " + what + " from the guest", e);
        }
        throw broken;
    }

    private String line() throws IOException {
        final StringBuilder line = new StringBuilder();
        for (int next = fromGuest.read(); next != '\n'; next = fromGuest.read()) {
            if (next < 0) {
                throw new EOFException("its machine has ended");
            }
            line.append((char) next);
        }
        return line.toString();
    }

    private String text(final int count) throws IOException {
        final byte[] bytes = fromGuest.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("its machine has ended");
        }
        return new String(bytes, Guest.TEXT);
    }
}
