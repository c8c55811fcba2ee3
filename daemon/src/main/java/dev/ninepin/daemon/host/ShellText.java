package dev.ninepin.daemon.host;

import java.nio.file.Path;

/** Quotes words for the shell commands that messages recommend. */
public final class ShellText {
    /** Quotes {@code word}, if necessary, so that a shell and {@code CommandWords} read it as one word. */
    public static String quote(final String word) {
        return word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    public static String quote(final Path path) {
        return quote(path.toString());
    }

    private ShellText() {}
}
