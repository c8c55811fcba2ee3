package dev.ninepin.daemon.systemd;

import dev.ninepin.os.SeparateCall;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A feeder of systemd's watchdog. Feeds the watchdog when the server has answered a request, and while requests wait
 * for a lost or silent server. So systemd restarts a service that hangs, or whose server stays away for too long. The
 * feeder logs the reason first, because systemd does not know it.
 */
public final class Watchdog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

    /** The watchdog is fed three times per limit, so that one late reply does not end the service. */
    private static final int ROUNDS = 3;

    /** The server, which answers one request at a time. */
    public interface Server {
        /**
         * Makes one round trip. Blocks until the server has replied.
         *
         * @throws IOException if no reply can come any more
         */
        void ask() throws IOException;

        /**
         * Returns the status text for the administrator while requests wait for a lost or silent server. Empty if no
         * request waits, or if the wait is too long. Does not block.
         */
        Optional<String> explainWait();
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

    /** The status text that systemd has. Used by {@link #thread} only. */
    private String shown;

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
        this.shown = status;
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
                final SeparateCall asking = SeparateCall.start("ninepin-watchdog-asks", server::ask);
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
                unanswered("has not answered");
            } catch (final IOException e) {
                unanswered("does not answer (" + e.getMessage() + ")");
                return;
            }
        }
    }

    private void answered() {
        lastAnswer = System.nanoTime();
        manager.alive();
        if (complained) {
            complained = false;
            LOG.info("{} answers again", name);
        }
        show(status);
    }

    private void unanswered(final String what) {
        final Optional<String> wait = server.explainWait();
        if (wait.isPresent()) {
            manager.alive();
            show(wait.get());
        } else {
            complain(what);
        }
    }

    private void show(final String text) {
        if (!text.equals(shown)) {
            manager.status(text);
            shown = text;
        }
    }

    /** Logs why the watchdog is not fed, and sets the status text. */
    private void complain(final String what) {
        complained = true;
        final long silent = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - lastAnswer);
        final String sentence = name + " " + what + " for " + silent + " s";
        LOG.warn("{}; systemd ends this service after {} s without an answer", sentence, limit.toSeconds());
        show(sentence);
    }
}
