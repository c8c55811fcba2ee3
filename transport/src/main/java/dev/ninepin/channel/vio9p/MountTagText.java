package dev.ninepin.channel.vio9p;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;

/** A conversion of mount tags to printable text. A mount tag comes from the hypervisor and may contain any bytes. */
final class MountTagText {
    private static final int FIRST_PRINTABLE = 0x20;
    private static final int DELETE = 0x7f;

    private MountTagText() {}

    /**
     * Returns the bytes as UTF-8 text. If they are not UTF-8 or not printable, writes each byte except printable ASCII
     * as \xNN.
     */
    static String of(final byte[] tag) {
        try {
            final String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(tag)).toString();
            if (text.codePoints().allMatch(MountTagText::isShown)) {
                return text;
            }
        } catch (final CharacterCodingException e) {
            // Not UTF-8: escape it byte by byte.
        }
        final StringBuilder escaped = new StringBuilder();
        for (final byte b : tag) {
            if (b >= FIRST_PRINTABLE && b < DELETE && b != '\\') {
                escaped.append((char) b);
            } else {
                escaped.append(String.format("\\x%02x", b));
            }
        }
        return escaped.toString();
    }

    private static boolean isShown(final int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> codePoint != '\\';
        };
    }
}
