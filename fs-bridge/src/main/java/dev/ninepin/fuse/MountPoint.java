package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import jnr.ffi.Pointer;

/**
 * The directory that a mount stands on, and what /proc/self/mountinfo says of it. Any thread.
 *
 * <p>A path is bytes, of which Java's strings may lose some; so the path is taken from Java, and mountinfo is read, byte
 * by byte.
 */
final class MountPoint {
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

    /** The FUSE connection of the file system that is mounted here last, on top; empty if nothing is mounted. */
    OptionalInt topDevice() throws IOException {
        return MountInfo.of("self").stream()
                .filter(this::isAt)
                .mapToInt(MountInfo::connection)
                .reduce((below, above) -> above);
    }

    /** Whether the file system with that FUSE connection is mounted here, on top or below another. */
    boolean holds(final int connection) throws IOException {
        return MountInfo.of("self").stream().anyMatch(mount -> mount.connection() == connection && isAt(mount));
    }

    /** Whether {@code mount}, of the mount namespace of this process, is on this directory. */
    boolean isAt(final MountInfo mount) {
        return Arrays.equals(mount.where().getBytes(ISO_8859_1), bytes);
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
