package dev.ninepin.p9;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A string of the protocol: an immutable sequence of at most 65535 arbitrary bytes.
 *
 * <p>A Linux file name consists of bytes, not characters, and need not be UTF-8. So names, link targets and attribute
 * names stay bytes all the way from the kernel to the server. Text is only converted by {@link #of(String)}, as UTF-8
 * in every locale, and back by {@link #toString()}, for display.
 */
public final class ByteString implements Comparable<ByteString> {
    /** The longest string that a {@code len[2]} field can describe, in bytes. */
    public static final int MAX_LENGTH = 0xffff;

    public static final ByteString EMPTY = new ByteString(new byte[0]);

    private final byte[] bytes;
    private final int hash;

    private ByteString(final byte[] bytes) {
        if (bytes.length > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "a 9P string holds at most " + MAX_LENGTH + " bytes, not " + bytes.length);
        }
        this.bytes = bytes;
        this.hash = Arrays.hashCode(bytes);
    }

    /** Returns the UTF-8 bytes of {@code text}. */
    public static ByteString of(final String text) {
        return new ByteString(text.getBytes(UTF_8));
    }

    /** Returns a copy of {@code bytes}. */
    public static ByteString copyOf(final byte... bytes) {
        return new ByteString(bytes.clone());
    }

    /** Returns a copy of the remaining bytes of {@code bytes}, and moves its position to its limit. */
    public static ByteString copyOf(final ByteBuffer bytes) {
        final byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return new ByteString(copy);
    }

    /** Returns the number of bytes. */
    public int length() {
        return bytes.length;
    }

    /** Returns the byte at {@code index}, counted from 0. */
    public byte at(final int index) {
        return bytes[index];
    }

    /** Returns whether any of the bytes equals {@code b}. */
    public boolean contains(final char b) {
        for (final byte each : bytes) {
            if (each == (byte) b) {
                return true;
            }
        }
        return false;
    }

    /** Returns whether the bytes begin with those of {@code prefix}. */
    public boolean startsWith(final ByteString prefix) {
        return bytes.length >= prefix.bytes.length
                && Arrays.equals(bytes, 0, prefix.bytes.length, prefix.bytes, 0, prefix.bytes.length);
    }

    /** Returns a copy of the bytes. */
    public byte[] toBytes() {
        return bytes.clone();
    }

    /** Writes the bytes at the position of {@code target}. */
    public void putInto(final ByteBuffer target) {
        target.put(bytes);
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof ByteString that && hash == that.hash && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /** Compares the bytes as unsigned numbers. */
    @Override
    public int compareTo(final ByteString other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    /**
     * Returns the bytes for display and logs: printable ASCII unchanged, a backslash doubled, any other byte as {@code
     * \xNN}.
     */
    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder(bytes.length);
        for (final byte b : bytes) {
            if (b == '\\') {
                text.append("\\\\");
            } else if (b >= ' ' && b < 0x7f) {
                text.append((char) b);
            } else {
                text.append(String.format("\\x%02x", b));
            }
        }
        return text.toString();
    }
}
