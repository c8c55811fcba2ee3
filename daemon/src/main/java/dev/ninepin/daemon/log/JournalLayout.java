package dev.ninepin.daemon.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.LayoutBase;

/**
 * The layout of log lines for the journal, which records the time itself. Each line of a stack trace gets the priority,
 * because the journal stores each line as a separate message.
 */
final class JournalLayout extends LayoutBase<ILoggingEvent> {
    @Override
    public String doLayout(final ILoggingEvent event) {
        final String priority = priority(event.getLevel());
        return priority + LogLayout.message(event).stripTrailing().replace("\n", "\n" + priority) + "\n";
    }

    private static String priority(final Level level) {
        return switch (level.levelInt) {
            case Level.ERROR_INT -> Journal.ERROR;
            case Level.WARN_INT -> Journal.WARNING;
            case Level.INFO_INT -> Journal.INFO;
            default -> Journal.DEBUG;
        };
    }
}
