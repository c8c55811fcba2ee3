package dev.ninepin.daemon.systemd;

import dev.ninepin.os.SeparateCall;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A feeder of systemd's watchdog. It feeds the watchdog only after the server has answered a request. systemd therefore
 * restarts a service whose server is gone or which hangs itself. The feeder logs the reason beforehand, because systemd
 * cannot know it.
 */
public final class Watchdog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

    /** The watchdog is fed three times per limit, so that one late reply does not end the service. */
    private static final int ROUNDS = 3;

    /** The server, which answers one request at a time. */
    public interface Server {
        /**
         * Makes one round trip. Blocks until the server has replied. While requests wait for a reconnection, returns at
         * once.
         *
         * @return a status text for the administrator during a reconnection; empty if the server has replied
         * @throws IOException if no reply can come any more
         */
        Optional<String> ask() throws IOException;
    }

    private final ServiceManager manager;
    private final Server server;
    private final String name;
    private final String status;
    private final Duration limit;
    private final Thread thread = new Thread(this::run, "ninepin-watchdog");

    /**
     * The time of the last reply, by {@link System#nanoTime}. Like {@link #complained}, used by {@link #thread} only.
     */
    private long lastAnswer = System.nanoTime();

    private boolean complained;

    /** Whether the status text shows a reconnection. Used by {@link #thread} only. */
    private boolean showsReconnection;

    /** The latest result of {@link Server#ask}. */
    private final AtomicReference<Optional<String>> reconnection = new AtomicReference<>(Optional.empty());

    private Watchdog(
            final ServiceManager manager,
            final Server server,
            final String name,
            final String status,
            final Duration limit) {
        this.manager = manager;
        this.server = server;
        this.name = name;
        this.status = status;
        this.limit = limit;
    }

    /**
     * Starts the feeder, which feeds every third of {@code limit}.
     *
     * @param name the name of the server, for messages
     * @param status the status text that {@code systemctl status} shows while the server answers
     * @param limit the time after which systemd ends a service that was not fed
     */
    public static Watchdog start(
            final ServiceManager manager,
            final Server server,
            final String name,
            final String status,
            final Duration limit) {
        final Watchdog watchdog = new Watchdog(manager, server, name, status, limit);
        watchdog.thread.setDaemon(true);
        watchdog.thread.start();
        return watchdog;
    }

    /** Stops feeding. */
    @Override
    public void close() {
        thread.interrupt();
    }

    private void run() {
        final long round = limit.toNanos() / ROUNDS;
        try {
            while (true) {
                final long begin = System.nanoTime();
                // On a separate thread, because a request to a server that hangs blocks.
                final SeparateCall asking =
                        SeparateCall.start("ninepin-watchdog-asks", () -> reconnection.set(server.ask()));
                try {
                    awaitAnswer(asking, round);
                } finally {
                    asking.interrupt();
                }
                TimeUnit.NANOSECONDS.sleep(Math.max(0, begin + round - System.nanoTime()));
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitAnswer(final SeparateCall asking, final long round) throws InterruptedException {
        while (true) {
            try {
                asking.await(round);
                answered();
                return;
            } catch (final TimeoutException e) {
                complain("has not answered");
            } catch (final IOException e) {
                complain("does not answer (" + e.getMessage() + ")");
                return;
            }
        }
    }

    private void answered() {
        lastAnswer = System.nanoTime();
        manager.alive();
        if (reconnection.get().isPresent()) {
            manager.status(reconnection.get().get());
            showsReconnection = true;
            return;
        } else if (showsReconnection) {
            manager.status(status);
            showsReconnection = false;
        }
        if (complained) {
            complained = false;
            LOG.info("{} answers again", name);
            manager.status(status);
        }
    }

    /** Logs why the watchdog is not fed, and sets the status text. */
    private void complain(final String what) {
        complained = true;
        final long silent = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - lastAnswer);
        final String sentence = name + " " + what + " for " + silent + " s";
        LOG.warn("{}; systemd ends this service after {} s without an answer", sentence, limit.toSeconds());
        manager.status(sentence);
    }
}
