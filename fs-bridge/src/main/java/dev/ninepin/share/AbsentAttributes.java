package dev.ninepin.share;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The extended attributes that a file is known not to have. The kernel asks for {@code security.capability} before each
 * write(2), and {@code ls -l} for the ACL of each file: most have neither.
 *
 * <p>Any thread; the lock guards all fields, nothing is done under it.
 */
final class AbsentAttributes {
    /** How many are remembered; the kernel and ls ask for three. */
    private static final int MOST = 8;

    /** In the order in which they were heard of; null until there is one. */
    @GuardedBy("this")
    private @Nullable List<Absence> known;

    /** Counts the beginnings and ends of changes made here. */
    @GuardedBy("this")
    private int changes;

    /**
     * There is no attribute of a name.
     *
     * @param errno the server's answer: ENODATA or EOPNOTSUPP
     * @param since by {@link System#nanoTime}, when the server was asked
     */
    private record Absence(ByteString name, int errno, long since) {}

    /** Attributes begin to be changed here. */
    synchronized void changing() {
        changes++;
    }

    /** They have been changed, or not: nothing is known of them any more. */
    synchronized void changed() {
        changes++;
        known = null;
    }

    /** To be taken before the server is asked for what is given to {@link #noted}. */
    synchronized int changes() {
        return changes;
    }

    /** The answer for a name, if one was heard in the last {@code validity}. */
    synchronized OptionalInt errno(final ByteString name, final long now, final Duration validity) {
        if (known != null) {
            for (final Absence each : known) {
                if (each.name.equals(name) && now - each.since < validity.toNanos()) {
                    return OptionalInt.of(each.errno);
                }
            }
        }
        return OptionalInt.empty();
    }

    /** The server has answered that there is none; that counts if nothing was changed here since it was asked. */
    synchronized void noted(final ByteString name, final int errno, final int changesBefore, final long asked) {
        if (changes != changesBefore) {
            return;
        }
        if (known == null) {
            known = new ArrayList<>(1);
        }
        known.removeIf(each -> each.name.equals(name));
        if (known.size() == MOST) {
            known.remove(0);
        }
        known.add(new Absence(name, errno, asked));
    }
}
