package dev.ninepin.session.exchange;

import dev.ninepin.p9.Tlcreate;
import dev.ninepin.p9.Tlink;
import dev.ninepin.p9.Tmessage;
import dev.ninepin.p9.Tmkdir;
import dev.ninepin.p9.Tmknod;
import dev.ninepin.p9.Tremove;
import dev.ninepin.p9.Trename;
import dev.ninepin.p9.Trenameat;
import dev.ninepin.p9.Tsymlink;
import dev.ninepin.p9.Tunlinkat;
import java.util.Set;

/**
 * The decision which requests may be sent again over another connection, if it is unknown whether the server has
 * carried them out. {@code docs/decisions/0048-reconnection.md} has the table. This class cannot recognize a Twrite
 * that appends and a Tclunk that sets an extended attribute, for which the callers decide.
 */
final class Repetition {
    /** Requests that add or remove a name. A second one fails, or changes another file. */
    private static final Set<Class<? extends Tmessage>> ONCE_ONLY = Set.of(
            Tlcreate.class,
            Tsymlink.class,
            Tmknod.class,
            Tmkdir.class,
            Tlink.class,
            Trename.class,
            Trenameat.class,
            Tunlinkat.class,
            Tremove.class);

    private Repetition() {}

    /** Returns whether a second request of this type changes nothing more. */
    static boolean isHarmless(final Class<? extends Tmessage> type) {
        return !ONCE_ONLY.contains(type);
    }
}
