package dev.ninepin.daemon;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Feeds systemd's watchdog, and only with answers of the server: a service whose server is gone, or that hangs itself,
 * is ended and started anew. Says so beforehand, because systemd can't know the reason.
 */
final class Watchdog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

    /** A third of the limit, so that one late answer is not the end. */
    private static final int ROUNDS = 3;

    /** One round trip to the server. */
    interface Server {
        /**
         * Returns when the server has answered.
         *
         * @throws IOException if it will not any more
         */
        void ask() throws IOException;
    }

    private final ServiceManager manager;
    private final Server server;
    private final String name;
    private final String status;
    private final Duration limit;
    private final Thread thread = new Thread(this::run, "ninepin-watchdog");

    /** Asks on a thread of its own, because a server that hangs holds whoever asks it. */
    private final ExecutorService asking = Executors.newSingleThreadExecutor(task -> {
        final Thread made = new Thread(task, "ninepin-watchdog-asks");
        made.setDaemon(true);
        return made;
    });

    /** By {@link System#nanoTime}. Only {@link #thread} uses these two. */
    private long lastAnswer = System.nanoTime();

    private boolean complained;

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
     * Begins to feed, every third of {@code limit}.
     *
     * @param name of the server, for a person
     * @param status what systemctl status shows while all is well
     */
    static Watchdog start(
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

    /** Feeds no more. */
    @Override
    public void close() {
        thread.interrupt();
        asking.shutdownNow();
    }

    private void run() {
        final long round = limit.toNanos() / ROUNDS;
        try {
            while (true) {
                final long begin = System.nanoTime();
                awaitAnswer(asking.submit(this::ask), round);
                TimeUnit.NANOSECONDS.sleep(Math.max(0, begin + round - System.nanoTime()));
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Void ask() throws IOException {
        server.ask();
        return null;
    }

    private void awaitAnswer(final Future<Void> answer, final long round) throws InterruptedException {
        while (true) {
            try {
                answer.get(round, TimeUnit.NANOSECONDS);
                answered();
                return;
            } catch (final TimeoutException e) {
                complain("has not answered");
            } catch (final ExecutionException e) {
                final Throwable cause = e.getCause() == null ? e : e.getCause();
                complain("does not answer (" + cause.getMessage() + ")");
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
            manager.status(status);
        }
    }

    /** The watchdog is not fed, and this is why. */
    private void complain(final String what) {
        complained = true;
        final long silent = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - lastAnswer);
        final String sentence = name + " " + what + " for " + silent + " s";
        LOG.warn(
                "{}: the watchdog is not fed, and after {} s without an answer systemd ends this service",
                sentence,
                limit.toSeconds());
        manager.status(sentence);
    }
}
