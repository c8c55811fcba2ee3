package dev.ninepin.daemon;

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
 * systemd, if it started this process as a service: is told how the service fares, as sd_notify(3) describes. Without
 * systemd nothing happens. Any thread.
 */
final class ServiceManager {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceManager.class);

    private final @Nullable NotifySocket socket;
    private final @Nullable Duration watchdog;

    private ServiceManager(final @Nullable NotifySocket socket, final @Nullable Duration watchdog) {
        this.socket = socket;
        this.watchdog = watchdog;
    }

    /** The one that the environment variables name which {@code environment} looks up for the process {@code pid}. */
    static ServiceManager of(final Function<String, @Nullable String> environment, final long pid) {
        final String address = environment.apply("NOTIFY_SOCKET");
        if (address == null || !(address.startsWith("/") || address.startsWith("@"))) {
            return new ServiceManager(null, null);
        }
        return new ServiceManager(new NotifySocket(address), watchdog(environment, pid));
    }

    static ServiceManager ofEnvironment() {
        return of(System::getenv, ProcessHandle.current().pid());
    }

    /** sd_watchdog_enabled(3): the variables are inherited by processes that they don't mean. */
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

    /** How long this service may go without {@link #alive} before it is ended; empty if for ever. */
    Optional<Duration> watchdog() {
        return Optional.ofNullable(watchdog);
    }

    /** The mount is proven; {@code status} is what systemctl status shows. */
    void ready(final String status) {
        send("READY=1\nSTATUS=" + oneLine(status));
    }

    /** What systemctl status shows. */
    void status(final String status) {
        send("STATUS=" + oneLine(status));
    }

    /** The server has answered. */
    void alive() {
        send("WATCHDOG=1");
    }

    /** The service is about to end. */
    void stopping(final String status) {
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
