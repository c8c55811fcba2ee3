package dev.ninepin.daemon;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Log lines for the journal, which notes the time itself, and takes a priority in front of each line (sd-daemon(3)):
 * each, because the lines of a stack trace are messages of their own there.
 */
final class JournalLayout extends PatternLayout {
    static final String PATTERN = "%logger{0}: %msg%n";

    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

    @Override
    public String doLayout(final ILoggingEvent event) {
        final String prefix = prefix(event.getLevel());
        return prefix + super.doLayout(event).stripTrailing().replace("\n", "\n" + prefix) + "\n";
    }

    /** The priorities of syslog(3) that Logback's levels are. */
    static String prefix(final Level level) {
        return switch (level.levelInt) {
            case Level.ERROR_INT -> "<3>";
            case Level.WARN_INT -> "<4>";
            case Level.INFO_INT -> "<6>";
            default -> "<7>";
        };
    }

    /**
     * Whether standard error leads to the journal: {@code JOURNAL_STREAM} is DEVICE:INODE of it, unless it was redirected
     * since (systemd.exec(5)).
     */
    static boolean isStandardError(final Function<String, @Nullable String> environment) {
        return leadsToJournal(STANDARD_ERROR, environment.apply("JOURNAL_STREAM"));
    }

    /** Whether {@code stream} is the one that {@code journal}, as DEVICE:INODE, names. */
    static boolean leadsToJournal(final Path stream, final @Nullable String journal) {
        if (journal == null) {
            return false;
        }
        try {
            final var attributes = Files.readAttributes(stream, "unix:dev,ino", new LinkOption[0]);
            return journal.equals(attributes.get("dev") + ":" + attributes.get("ino"));
        } catch (final IOException e) {
            return false;
        }
    }
}
