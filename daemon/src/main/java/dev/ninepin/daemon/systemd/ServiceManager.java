package dev.ninepin.daemon.systemd;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection to systemd, for a process that systemd has started as a service. It reports the state of the service,
 * as sd_notify(3) describes. Without systemd its methods do nothing. Thread-safe.
 */
public final class ServiceManager {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceManager.class);

    private final @Nullable NotifySocket socket;
    private final @Nullable Duration watchdog;

    private ServiceManager(final @Nullable NotifySocket socket, final @Nullable Duration watchdog) {
        this.socket = socket;
        this.watchdog = watchdog;
    }

    /**
     * Returns the service manager that the environment variables name.
     *
     * @param environment looks up an environment variable
     * @param pid the ID of this process
     */
    static ServiceManager of(final Function<String, @Nullable String> environment, final long pid) {
        final String address = environment.apply("NOTIFY_SOCKET");
        if (address == null || !(address.startsWith("/") || address.startsWith("@"))) {
            return new ServiceManager(null, null);
        }
        return new ServiceManager(new NotifySocket(address), watchdog(environment, pid));
    }

    public static ServiceManager ofEnvironment() {
        return of(System::getenv, ProcessHandle.current().pid());
    }

    /**
     * Returns the watchdog limit; null without a watchdog. Child processes inherit the variables, so WATCHDOG_PID must
     * be this process. Source: sd_watchdog_enabled(3).
     */
    private static @Nullable Duration watchdog(final Function<String, @Nullable String> environment, final long pid) {
        final String micros = environment.apply("WATCHDOG_USEC");
        final String meant = environment.apply("WATCHDOG_PID");
        if (micros == null || !micros.matches("[0-9]{1,18}") || Long.parseLong(micros) == 0) {
            return null;
        }
        return meant == null || meant.equals(Long.toString(pid))
                ? Duration.of(Long.parseLong(micros), ChronoUnit.MICROS)
                : null;
    }

    /**
     * Returns the time after which systemd ends a service that has not called {@link #alive}; empty without a watchdog.
     */
    public Optional<Duration> watchdog() {
        return Optional.ofNullable(watchdog);
    }

    /**
     * Reports that the mount is usable.
     *
     * @param status the text that {@code systemctl status} shows
     */
    public void ready(final String status) {
        send("READY=1\nSTATUS=" + oneLine(status));
    }

    /** Sets the text that {@code systemctl status} shows. */
    public void status(final String status) {
        send("STATUS=" + oneLine(status));
    }

    /** Feeds the watchdog, after the server has answered. */
    void alive() {
        send("WATCHDOG=1");
    }

    /**
     * Reports that the service is about to end.
     *
     * @param status the text that {@code systemctl status} shows
     */
    public void stopping(final String status) {
        send("STOPPING=1\nSTATUS=" + oneLine(status));
    }

    private static String oneLine(final String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }

    private void send(final String message) {
        if (socket == null) {
            return;
        }
        try {
            socket.send(message.getBytes(UTF_8));
        } catch (final IOException e) {
            LOG.warn("systemd could not be told {}: {}", message.replace('\n', ' '), e.getMessage());
        }
    }
}
