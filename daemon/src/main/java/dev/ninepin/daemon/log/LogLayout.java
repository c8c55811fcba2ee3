package dev.ninepin.daemon.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * The layout of log lines: time, level, thread, class and message, followed by any stack trace. Logback's pattern
 * layout could do the same, but loading it takes a tenth of the time of a mount.
 */
final class LogLayout extends LayoutBase<ILoggingEvent> {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneId.systemDefault());

    @Override
    public String doLayout(final ILoggingEvent event) {
        final String time = TIME.format(Instant.ofEpochMilli(event.getTimeStamp()));
        return String.format(Locale.ROOT, "%s %-5s [%s] ", time, event.getLevel(), event.getThreadName())
                + message(event);
    }

    /** Returns the logging class without its package, the message, and any stack trace. */
    static String message(final ILoggingEvent event) {
        final String logger = event.getLoggerName();
        final String line = logger.substring(logger.lastIndexOf('.') + 1) + ": " + event.getFormattedMessage() + "\n";
        final IThrowableProxy failure = event.getThrowableProxy();
        return failure == null ? line : line + ThrowableProxyUtil.asString(failure);
    }
}
