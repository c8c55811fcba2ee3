package dev.ninepin.os;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.Arrays;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/** Strings in native memory, as the C library takes them: bytes with a final NUL. Any thread. */
public final class NativeString {
    private NativeString() {}

    /** Returns an absolute path in native memory. */
    public static Pointer of(final Path path) {
        return of(bytes(path));
    }

    /** Returns a copy of {@code bytes} in native memory, with a final NUL. */
    public static Pointer of(final byte[] bytes) {
        final Pointer memory = Memory.allocateDirect(Runtime.getSystemRuntime(), bytes.length + 1, true);
        memory.put(0, bytes, 0, bytes.length);
        return memory;
    }

    /**
     * Returns the bytes of an absolute path. They are taken from the path's URI, which holds every byte. A string may
     * lose some, depending on the locale.
     */
    public static byte[] bytes(final Path path) {
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
}
