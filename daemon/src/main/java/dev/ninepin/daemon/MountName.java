package dev.ninepin.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The name of a mount's files (its control socket, its log), made of its mount point: like systemd's for mount units,
 * so that people recognise it. A long one is cut and told apart by a hash, because the address of a UNIX socket is
 * short.
 */
final class MountName {
    private static final int MAX_LENGTH = 48;
    private static final int HASH_DIGITS = 16;

    /** The name for {@code mountPoint}, as {@link MountPoint#resolve} gives it. */
    static String of(final Path mountPoint) {
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

    /** A few digits that tell {@code text} from others. */
    static String hash(final String text) {
        try {
            final byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
            return HexFormat.of().formatHex(digest, 0, HASH_DIGITS / 2);
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private MountName() {}
}
