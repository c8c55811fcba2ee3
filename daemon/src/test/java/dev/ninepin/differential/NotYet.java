package dev.ninepin.differential;

import java.util.Set;

/** What sequences do not do yet. */
final class NotYet {
    /** Calls that a mount does not know yet. */
    static final Set<String> CALLS = Set.of();

    /** Flags that it does not know yet. */
    static final Set<String> WORDS = Set.of("NOREPLACE", "TMPFILE");

    private NotYet() {}
}
