package dev.ninepin.share.xattr;

import dev.ninepin.p9.ByteString;
import java.time.Duration;
import java.util.List;

/**
 * The namespaces of extended attributes that the server has recently refused as a whole. QEMU refuses all {@code
 * security.} and {@code trusted.} attributes of every file ({@code hw/9pfs/9p-xattr.c}), and the kernel asks for {@code
 * security.capability} before it writes to a file.
 *
 * <p>A tree may span several file systems. So a refusal is valid for one second only. It is ignored for good once any
 * file turns out to have such an attribute, or to be able to have one.
 *
 * <p>No other error is applied to other files: for {@code user.} attributes and ACLs it depends on the file system, and
 * EACCES and EIO depend on the file and the moment.
 *
 * <p>Any thread may call any method.
 */
public final class XattrSupport {
    private static final long VALID_NANOS = Duration.ofSeconds(1).toNanos();

    private final List<Kind> kinds = List.of(new Kind("security."), new Kind("trusted."));

    /** A namespace: all attributes whose names begin with {@code prefix}. */
    private static final class Kind {
        private final ByteString prefix;

        /** Whether the server supports this namespace; set once, by any thread. */
        private volatile boolean works;

        /** When the server last refused it, by {@link System#nanoTime}; 0 if never. */
        private volatile long refused;

        Kind(final String prefix) {
            this.prefix = ByteString.of(prefix);
        }
    }

    /**
     * Returns whether the server has recently refused the namespace of an attribute.
     *
     * @param now the time by {@link System#nanoTime}
     */
    boolean isRefused(final ByteString name, final long now) {
        for (final Kind kind : kinds) {
            if (name.startsWith(kind.prefix)) {
                final long refused = kind.refused;
                return !kind.works && refused != 0 && now - refused < VALID_NANOS;
            }
        }
        return false;
    }

    /** Returns whether the server supports the namespace of an attribute, as far as is known. */
    boolean isKnown(final ByteString name) {
        return kinds.stream().anyMatch(kind -> kind.works && name.startsWith(kind.prefix));
    }

    /**
     * Records that the server refused an attribute with EOPNOTSUPP or ENOSYS.
     *
     * @param now the time of the request by {@link System#nanoTime}
     */
    void refused(final ByteString name, final long now) {
        for (final Kind kind : kinds) {
            if (name.startsWith(kind.prefix)) {
                kind.refused = now == 0 ? 1 : now;
            }
        }
    }

    /** Records that the server returned or changed an attribute, or answered that the file has none of that name. */
    void answered(final ByteString name) {
        for (final Kind kind : kinds) {
            if (!kind.works && name.startsWith(kind.prefix)) {
                kind.works = true;
            }
        }
    }
}
