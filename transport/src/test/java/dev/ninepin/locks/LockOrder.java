package dev.ninepin.locks;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * The order of locks, as specified and as observed. A lock's kind is the class that it belongs to. Two kinds in the
 * specified order must be taken in that order. Any two other kinds must always be taken in the same order, whichever it
 * is. Two locks of the same kind must never be held together. Any thread may call any method.
 */
final class LockOrder {
    /** The specified order, from the first lock to be taken to the last. */
    static final List<Set<String>> RANKS = List.of(
            Set.of("NameLocks"),
            Set.of("XattrLocks"),
            Set.of("LockedFile"),
            Set.of("OpenDirectory"),
            Set.of("ModeLocks"),
            Set.of("DirectoryMoves"),
            Set.of("OpenFile"),
            Set.of("Inodes"),
            Set.of("PathFids"),
            Set.of("RequestSender"));

    /** The kinds under which no other lock may be taken. */
    static final Set<String> LAST = Set.of(
            "FileMoves",
            "LockWaits",
            "Users",
            "PendingWrites",
            "UnsyncedChanges",
            "UnsyncedFiles",
            "CachedData",
            "Listings",
            "AbsentAttributes",
            "OpenState",
            "OpenFid",
            "DirectoryFid",
            "Connections",
            "FidNumbers",
            "TagTable",
            "Call");

    /**
     * The kinds that may be held while a request is sent or its answer awaited: those above the line in {@code
     * docs/architecture.md}.
     */
    static final Set<String> HELD_OVER_REQUESTS =
            Set.of("NameLocks", "XattrLocks", "LockedFile", "OpenDirectory", "ModeLocks", "DirectoryMoves");

    private static final Set<String> OURS = Set.of(LockOrder.class.getName(), LockWatch.class.getName());
    private static final int MOST_FRAMES = 40;

    private final ThreadLocal<List<Held>> held = ThreadLocal.withInitial(ArrayList::new);

    /** For each kind, the kinds that were taken while it was held. */
    private final Map<String, Set<String>> seen = new ConcurrentHashMap<>();

    /** The violations, each with the stack of the first thread that caused it. */
    private final Map<String, String> violations = new LinkedHashMap<>();

    private record Held(Object lock, String kind) {}

    /** Notes that the current thread is about to take a lock. */
    void taking(final Object lock, final String kind) {
        if (lock instanceof Throwable) {
            // Inherited methods take its monitor.
            return;
        }
        final List<Held> mine = held.get();
        if (mine.stream().noneMatch(each -> each.lock == lock)) {
            mine.forEach(each -> check(each.kind, kind));
        }
        mine.add(new Held(lock, kind));
    }

    /** Notes that the current thread releases a lock. */
    void gave(final Object lock) {
        final List<Held> mine = held.get();
        for (int i = mine.size() - 1; i >= 0; i--) {
            if (mine.get(i).lock == lock) {
                mine.remove(i);
                return;
            }
        }
    }

    /** Notes that the current thread is about to send a request or wait for an answer. */
    void asking() {
        for (final Held each : held.get()) {
            if (!HELD_OVER_REQUESTS.contains(each.kind)) {
                violation(each.kind + " is held while a request is sent or awaited");
            }
        }
    }

    private void check(final String first, final String second) {
        if (LAST.contains(first)) {
            violation(second + " is taken under " + first + ", under which nothing is to be taken");
        } else if (first.equals(second)) {
            violation("two locks of " + first + " are taken");
        } else if (rank(first) >= 0 && rank(second) >= 0) {
            if (rank(first) >= rank(second)) {
                violation(second + " is taken under " + first + ", which is to be taken after it");
            }
        } else if (seen.computeIfAbsent(first, kind -> ConcurrentHashMap.newKeySet())
                        .add(second)
                && leadsTo(second, first, new HashSet<>())) {
            violation(second + " is taken under " + first + ", which was taken under it before");
        }
    }

    private boolean leadsTo(final String from, final String to, final Set<String> passed) {
        return from.equals(to)
                || (passed.add(from)
                        && seen.getOrDefault(from, Set.of()).stream().anyMatch(next -> leadsTo(next, to, passed)));
    }

    private static int rank(final String kind) {
        for (int i = 0; i < RANKS.size(); i++) {
            if (RANKS.get(i).contains(kind)) {
                return i;
            }
        }
        return -1;
    }

    private void violation(final String what) {
        synchronized (violations) {
            violations.computeIfAbsent(what, ignored -> stack());
        }
    }

    private static String stack() {
        return StackWalker.getInstance().walk(frames -> frames.filter(frame -> !OURS.contains(frame.getClassName()))
                .limit(MOST_FRAMES)
                .map(frame -> "\n    at " + frame)
                .collect(Collectors.joining()));
    }

    /** Returns the violations since the last call. */
    List<String> takeViolations() {
        synchronized (violations) {
            final List<String> all = new ArrayList<>();
            for (final Iterator<Map.Entry<String, String>> next =
                            violations.entrySet().iterator();
                    next.hasNext(); ) {
                final Map.Entry<String, String> each = next.next();
                all.add(each.getKey() + each.getValue());
                next.remove();
            }
            return all;
        }
    }
}
