package dev.ninepin.share;

import dev.ninepin.p9.ByteString;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The names of files that are put aside ({@link PutAside}), which the directories that they are in don't show. Any thread. */
final class AsideNames {
    /** Random, to keep two mounts of the same share from using the same names. */
    private final String prefix = String.format(Locale.ROOT, ".ninepin-%016x-", new SecureRandom().nextLong());

    private final ByteString prefixBytes = ByteString.of(prefix);

    private final AtomicLong last = new AtomicLong();

    /** Names that could not be removed, and are seen by all from then on. */
    private final Set<ByteString> left = ConcurrentHashMap.newKeySet();

    /** Whether a name is that of a file put aside by this mount, or one that was: not to be shown. */
    boolean isHidden(final ByteString name) {
        return name.startsWith(prefixBytes) && !left.contains(name);
    }

    /** A name for a file that is to be put aside. */
    ByteString next() {
        return ByteString.of(prefix + Long.toHexString(last.incrementAndGet()));
    }

    /** A file could not be removed: it is seen from here on. */
    void left(final ByteString name) {
        left.add(name);
    }
}
