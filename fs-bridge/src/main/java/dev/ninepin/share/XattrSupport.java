package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which kinds of extended attributes a server has at all, as far as its answers tell. QEMU knows {@code user.} and, by
 * its security model, ACLs: what else it is asked for it refuses for every file ({@code hw/9pfs/9p-xattr.c}).
 *
 * <p>The file systems below one tree may differ. So a refusal is believed for a second, and not any more once there is
 * a file that has such attributes, or could have.
 *
 * <p>Any thread may call any method.
 */
final class XattrSupport {
    private static final Logger LOG = LoggerFactory.getLogger(XattrSupport.class);
    private static final long VALID_NANOS = Duration.ofSeconds(1).toNanos();

    /** All but {@code user.}, which each file system either has or has not. */
    private final List<Kind> kinds = List.of(
            new Kind("security."),
            new Kind("trusted."),
            new Kind("system.posix_acl_access"),
            new Kind("system.posix_acl_default"));

    /** There are none at all. Set once, by whichever thread learns it. */
    private volatile boolean none;

    /** There are some: a refusal is one of that file or attribute. Set once, by whichever thread learns it. */
    private volatile boolean some;

    /** @param wanted whether there are to be any */
    XattrSupport(final boolean wanted) {
        none = !wanted;
    }

    /** Whether there are none, on any file. */
    boolean isNone() {
        return none;
    }

    /** Whether it is known if there are any. */
    boolean isKnown() {
        return some || none;
    }

    /** Now it is known. */
    void known(final boolean thereAreSome) {
        if (!thereAreSome) {
            LOG.info("the server has no extended attributes");
        }
        some = thereAreSome;
        none = !thereAreSome;
    }

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
