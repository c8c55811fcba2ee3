package dev.ninepin.daemon.host;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The base name of a mount's control socket and log file, derived from the mount point. The escaping resembles that of
 * systemd's mount units, so that people recognise the name. A long name is cut and gets a hash, because the path of a
 * UNIX socket must be short.
 */
public final class MountName {
    private static final int MAX_LENGTH = 48;
    private static final int HASH_DIGITS = 16;

    /** Returns the name for {@code mountPoint}, which comes from {@link MountTarget#resolve}. */
    public static String of(final Path mountPoint) {
        final String path = mountPoint.toString();
        final String name = path.equals("/") ? "-" : escape(path.substring(1));
        if (name.length() <= MAX_LENGTH) {
            return name;
        }
        return name.substring(0, MAX_LENGTH - HASH_DIGITS - 1) + "~" + hash(path);
    }

    private static String escape(final String path) {
        final StringBuilder name = new StringBuilder();
        for (final byte b : path.getBytes(UTF_8)) {
            final char c = (char) Byte.toUnsignedInt(b);
            if (c == '/') {
                name.append('-');
            } else if (c < 0x80 && (Character.isLetterOrDigit(c) || c == '_' || (c == '.' && !name.isEmpty()))) {
                name.append(c);
            } else {
                name.append("\\x").append(HexFormat.of().toHexDigits((byte) c));
            }
        }
        return name.toString();
    }

    /** Returns 16 hexadecimal digits that identify {@code text}. */
    public static String hash(final String text) {
        try {
            final byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
            return HexFormat.of().formatHex(digest, 0, HASH_DIGITS / 2);
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private MountName() {}
}
