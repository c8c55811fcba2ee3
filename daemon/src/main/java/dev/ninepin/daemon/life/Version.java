package dev.ninepin.daemon.life;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** The version of this program. */
public final class Version {
    /** Returns Maven's version of the program, such as {@code 0.1.0}. */
    public static String current() {
        final Properties properties = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
            if (in != null) {
                properties.load(in);
            }
        } catch (final IOException e) {
            throw new IllegalStateException("the program's own files cannot be read", e);
        }
        return properties.getProperty("version", "unknown");
    }

    private Version() {}
}
