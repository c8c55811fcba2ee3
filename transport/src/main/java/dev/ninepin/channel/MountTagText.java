package dev.ninepin.channel;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;

/** A mount tag for people: it comes from the hypervisor, which may put any bytes there. */
final class MountTagText {
    private static final int FIRST_PRINTABLE = 0x20;
    private static final int DELETE = 0x7f;

    private MountTagText() {}

    /** The text that the bytes are in UTF-8; what is none, or does not show on a terminal as itself, is written as \xNN. */
    static String of(final byte[] tag) {
        try {
            final String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(tag)).toString();
            if (text.codePoints().allMatch(MountTagText::isShown)) {
                return text;
            }
        } catch (final CharacterCodingException e) {
            // Then byte by byte.
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
