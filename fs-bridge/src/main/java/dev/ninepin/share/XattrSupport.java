package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import java.time.Duration;
import java.util.List;

/**
 * The name spaces of extended attributes that the server has just refused as a whole. QEMU refuses all of {@code security.}
 * and {@code trusted.} for every file ({@code hw/9pfs/9p-xattr.c}), and the kernel asks for {@code security.capability}
 * before it writes to a file.
 *
 * <p>The file systems below one tree may differ. So a refusal is believed for a second, and no longer once some file has
 * such an attribute, or could have one. No other answer is believed for another file: {@code user.} attributes and ACLs
 * depend on the file system, EACCES and EIO on the file and the moment.
 *
 * <p>Any thread may call any method.
 */
final class XattrSupport {
    private static final long VALID_NANOS = Duration.ofSeconds(1).toNanos();

    private final List<Kind> kinds = List.of(new Kind("security."), new Kind("trusted."));

    /** What begins with {@code prefix}. */
    private static final class Kind {
        private final ByteString prefix;

        /** Set once, by whichever thread learns it. */
        private volatile boolean works;

        /** When it was refused last, by {@link System#nanoTime}; 0 if it was not. */
        private volatile long refused;

        Kind(final String prefix) {
            this.prefix = ByteString.of(prefix);
        }
    }

    /** Whether the server has just refused attributes of the kind of {@code name}. */
    boolean isRefused(final ByteString name, final long now) {
        for (final Kind kind : kinds) {
            if (name.startsWith(kind.prefix)) {
                final long refused = kind.refused;
                return !kind.works && refused != 0 && now - refused < VALID_NANOS;
            }
        }
        return false;
    }

    /** The server has answered EOPNOTSUPP. */
    void refused(final ByteString name, final long now) {
        for (final Kind kind : kinds) {
            if (name.startsWith(kind.prefix)) {
                kind.refused = now == 0 ? 1 : now;
            }
        }
    }

    /** The server has given an attribute, or answered that the file has none of that name. */
    void answered(final ByteString name) {
        for (final Kind kind : kinds) {
            if (!kind.works && name.startsWith(kind.prefix)) {
                kind.works = true;
            }
        }
    }
}
