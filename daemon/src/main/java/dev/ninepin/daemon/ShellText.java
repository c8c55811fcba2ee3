package dev.ninepin.daemon;

import java.nio.file.Path;

/** Words as a shell reads them, for the commands that messages recommend. */
public final class ShellText {
    /** Quotes {@code word} so that a shell, and {@link CommandWords}, read one word; only where that is needed. */
    public static String quote(final String word) {
        return word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    static String quote(final Path path) {
        return quote(path.toString());
    }

    private ShellText() {}
}
