package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import jnr.ffi.Pointer;

/**
 * The directory that a mount stands on, and what /proc/self/mountinfo says of it. Any thread.
 *
 * <p>A path is bytes, of which Java's strings may lose some; so the path is taken from Java, and mountinfo is read, byte
 * by byte.
 */
final class MountPoint {
    private static final String MOUNTINFO = "/proc/self/mountinfo";

    // The columns of mountinfo, proc(5).
    private static final int DEVICE = 2;
    private static final int WHERE = 4;

    private final Path path;
    private final byte[] bytes;

    /** @throws IOException if the directory is not there, or can't be looked at */
    MountPoint(final Path directory) throws IOException {
        path = directory.toRealPath();
        bytes = bytesOf(path);
    }

    /** Where it is, without links. */
    Path path() {
        return path;
    }

    /** The path as system calls take it. */
    Pointer pointer() {
        return Native.string(bytes);
    }

    /** The minor device number of the file system that is mounted here last, on top; empty if there is none. */
    OptionalInt topDevice() throws IOException {
        OptionalInt top = OptionalInt.empty();
        for (final String[] columns : mounts()) {
            if (Arrays.equals(unescape(columns[WHERE]), bytes)) {
                top = OptionalInt.of(minor(columns[DEVICE]));
            }
        }
        return top;
    }

    /** Whether the file system with that minor device number is mounted here, on top or below another. */
    boolean holds(final int device) throws IOException {
        return mounts().stream()
                .anyMatch(
                        columns -> minor(columns[DEVICE]) == device && Arrays.equals(unescape(columns[WHERE]), bytes));
    }

    /** Only a newline ends a line: other ends of lines stand in names as they are. */
    private static List<String[]> mounts() throws IOException {
        // A stream, since it reads on when its thread is interrupted: mounts end then, too.
        try (InputStream mountinfo = new FileInputStream(MOUNTINFO)) {
            return Arrays.stream(new String(mountinfo.readAllBytes(), ISO_8859_1).split("\n"))
                    .map(line -> line.split(" ", -1))
                    .toList();
        }
    }

    private static int minor(final String device) {
        return Integer.parseInt(device.substring(device.indexOf(':') + 1));
    }

    /** A space and its like stand as a backslash and three octal digits. */
    private static byte[] unescape(final String text) {
        final ByteArrayOutputStream plain = new ByteArrayOutputStream(text.length());
        int i = 0;
        while (i < text.length()) {
            if (text.charAt(i) == '\\' && i + 4 <= text.length()) {
                plain.write(Integer.parseInt(text.substring(i + 1, i + 4), 8));
                i += 4;
            } else {
                plain.write(text.charAt(i));
                i++;
            }
        }
        return plain.toByteArray();
    }

    /** The URI of a path holds each of its bytes, whatever the locale makes of them as characters. */
    private static byte[] bytesOf(final Path path) {
        final String raw = path.toUri().getRawPath();
        final ByteArrayOutputStream plain = new ByteArrayOutputStream(raw.length());
        int i = 0;
        while (i < raw.length()) {
            if (raw.charAt(i) == '%') {
                plain.write(Integer.parseInt(raw.substring(i + 1, i + 3), 16));
                i += 3;
            } else {
                plain.write(raw.charAt(i));
                i++;
            }
        }
        final byte[] bytes = plain.toByteArray();
        // The URI of a directory ends with a slash.
        return bytes.length > 1 && bytes[bytes.length - 1] == '/' ? Arrays.copyOf(bytes, bytes.length - 1) : bytes;
    }

    /** For people. */
    @Override
    public String toString() {
        return path.toString();
    }
}
