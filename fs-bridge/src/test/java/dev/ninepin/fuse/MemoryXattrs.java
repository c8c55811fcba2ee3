package dev.ninepin.fuse;

import dev.ninepin.fuse.MemoryFiles.Failure;
import dev.ninepin.p9.ByteString;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import jnr.constants.platform.Errno;

/** The extended attributes of a file in memory, with the semantics of Linux. */
final class MemoryXattrs {
    private static final int CREATE = 1;
    private static final int REPLACE = 2;

    private final Map<ByteString, byte[]> values = new TreeMap<>();

    byte[] get(final ByteString name, final int room) throws Failure {
        final byte[] value = values.get(name);
        if (value == null) {
            throw new Failure(Errno.ENODATA);
        }
        return atMost(room, value);
    }

    byte[] list(final int room) throws Failure {
        final ByteArrayOutputStream names = new ByteArrayOutputStream();
        values.keySet().forEach(name -> {
            names.writeBytes(name.toBytes());
            names.write(0);
        });
        return atMost(room, names.toByteArray());
    }

    void set(final ByteString name, final ByteBuffer value, final int flags) throws Failure {
        if (flags == CREATE && values.containsKey(name)) {
            throw new Failure(Errno.EEXIST);
        } else if (flags == REPLACE && !values.containsKey(name)) {
            throw new Failure(Errno.ENODATA);
        }
        final byte[] bytes = new byte[value.remaining()];
        value.get(bytes);
        values.put(name, bytes);
    }

    void remove(final ByteString name) throws Failure {
        if (values.remove(name) == null) {
            throw new Failure(Errno.ENODATA);
        }
    }

    private static byte[] atMost(final int room, final byte[] bytes) throws Failure {
        if (bytes.length > room) {
            throw new Failure(Errno.ERANGE);
        }
        return bytes;
    }
}
