package dev.ninepin.daemon.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Detects whether standard error is connected to systemd's journal, which reads a priority prefix on each line
 * (sd-daemon(3)).
 */
public final class Journal {
    static final String ERROR = "<3>";
    static final String WARNING = "<4>";
    static final String INFO = "<6>";
    static final String DEBUG = "<7>";

    private static final Path STANDARD_ERROR = Path.of("/proc/self/fd/2");

    private Journal() {}

    /** Returns the prefix of an error line on standard error; empty if standard error is not the journal. */
    public static String errorPrefix() {
        return isStandardError() ? ERROR : "";
    }

    static boolean isStandardError() {
        return isStream(STANDARD_ERROR, System.getenv("JOURNAL_STREAM"));
    }

    /**
     * Returns whether {@code stream} is the stream that {@code journal} names as DEVICE:INODE. The stream may have been
     * redirected after the variable was set; see systemd.exec(5).
     */
    static boolean isStream(final Path stream, final @Nullable String journal) {
        if (journal == null) {
            return false;
        }
        try {
            final Map<String, Object> is = Files.readAttributes(stream, "unix:dev,ino", new LinkOption[0]);
            return journal.equals(is.get("dev") + ":" + is.get("ino"));
        } catch (final IOException e) {
            return false;
        }
    }
}
