package dev.ninepin.share.inode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.p9.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The extended attributes that a file is known not to have. The kernel asks for {@code security.capability} before each
 * write(2), and {@code ls -l} asks for the ACLs of each file. Most files have neither.
 *
 * <p>Any thread may call any method. The lock guards all fields; nothing else is done under it.
 */
public final class AbsentAttributes {
    /** The maximum number of names remembered. The kernel and ls ask for three. */
    private static final int MOST = 8;

    /** In the order in which the server's answers arrived; null until there is one. */
    @GuardedBy("this")
    private @Nullable List<Absence> known;

    /** Counts the starts and ends of changes on this mount. */
    @GuardedBy("this")
    private int changes;

    /**
     * The absence of one attribute.
     *
     * @param errno the server's answer: ENODATA or EOPNOTSUPP
     * @param since {@link System#nanoTime} when the request was sent
     */
    private record Absence(ByteString name, int errno, long since) {}

    /** Notes that a change of the file's attributes on this mount begins. */
    public synchronized void changing() {
        changes++;
    }

    /** Notes that a change of the file's attributes has ended, with or without success, and forgets all absences. */
    public synchronized void changed() {
        changes++;
        known = null;
    }

    /**
     * Returns the number of starts and ends of changes so far. The caller reads it before it sends the request whose
     * answer goes to {@link #noted}.
     */
    public synchronized int changes() {
        return changes;
    }

    /**
     * Returns the server's errno for a name; empty if there was no such answer within the last {@code validity}.
     *
     * @param now {@link System#nanoTime}
     */
    public OptionalInt errno(final ByteString name, final long now, final Duration validity) {
        final Absence absence = find(name);
        return absence != null && now - absence.since < validity.toNanos()
                ? OptionalInt.of(absence.errno)
                : OptionalInt.empty();
    }

    private synchronized @Nullable Absence find(final ByteString name) {
        if (known != null) {
            for (final Absence each : known) {
                if (each.name.equals(name)) {
                    return each;
                }
            }
        }
        return null;
    }

    /**
     * Records that this file, which was just created in a directory, has no attribute that it could only have from
     * there. Does nothing if the directory may have the attribute. The absence is valid as long as in the directory.
     */
    public void inherit(final AbsentAttributes directory, final ByteString name) {
        final Absence absence = directory.find(name);
        if (absence != null) {
            noted(name, absence.errno, 0, absence.since);
        }
    }

    /**
     * Records that the server reported an attribute as absent. Does nothing if a change on this mount began or ended
     * since the request was sent.
     *
     * @param changesBefore {@link #changes} before the request was sent
     * @param asked {@link System#nanoTime} when the request was sent
     */
    public synchronized void noted(final ByteString name, final int errno, final int changesBefore, final long asked) {
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
