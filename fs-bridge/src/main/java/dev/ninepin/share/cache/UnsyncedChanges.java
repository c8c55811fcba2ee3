package dev.ninepin.share.cache;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The acknowledged changes of a file or directory that no fsync(2) has synced. If the server's host may have crashed
 * since, fsync(2) compares the file with these changes ({@code docs/decisions/0048-reconnection.md}).
 *
 * <p>Each loss has a number. A descriptor remembers the number of the last loss that it has reported, so that it
 * reports each loss once.
 *
 * <p>Any thread may call any method.
 */
public final class UnsyncedChanges {
    /** The changes since the last call of fsync(2) began; null if there are none. */
    @GuardedBy("this")
    private @Nullable ExpectedFile latest;

    /** The changes that the fsync(2) calls in progress sync, oldest first. The list and its elements are immutable. */
    @GuardedBy("this")
    private List<ExpectedFile> syncing = List.of();

    /** The number of calls of fsync(2) in progress. */
    @GuardedBy("this")
    private int syncs;

    /** The number of the connection over which {@link #recordLoss} was called last; 0 if never. */
    @GuardedBy("this")
    private int lastLossNumber;

    @GuardedBy("this")
    private @Nullable IOException lastLoss;

    /** A change of a file. */
    @FunctionalInterface
    public interface Change {
        /** Records the change. Must not block. */
        void addTo(ExpectedFile expected);
    }

    /**
     * Records a change. The change must already be answered or be a pending write. So an fsync(2) that does not wait
     * for the change leaves it to the next fsync(2).
     *
     * @param connection the number of the connection over which the change was sent, or of an earlier one
     */
    public synchronized void note(final int connection, final Change change) {
        if (latest == null) {
            latest = new ExpectedFile(connection);
        }
        change.addTo(latest);
    }

    /** Returns whether there are changes since the last fsync(2). */
    public synchronized boolean any() {
        return latest != null;
    }

    /** Returns whether a change since the last fsync(2) was made over a connection before {@code connection}. */
    public synchronized boolean anyBefore(final int connection) {
        return latest != null && latest.connection() < connection;
    }

    /** Returns the approximate memory of the changes since the last fsync(2), in bytes; 0 if there are none. */
    public synchronized int memory() {
        return latest == null ? 0 : latest.memory();
    }

    /** Frees memory. The changes since the last fsync(2) can no longer be verified. */
    public synchronized void forget() {
        if (latest != null) {
            latest.forget();
        }
    }

    /** Begins to sync the changes so far. The caller then waits for the pending writes, and calls {@link Sync#end}. */
    public synchronized Sync beginSync() {
        if (latest != null) {
            final List<ExpectedFile> all = new ArrayList<>(syncing);
            all.add(latest);
            syncing = List.copyOf(all);
            latest = null;
        }
        syncs++;
        return new Sync(syncing);
    }

    /** A call of fsync(2) in progress. */
    public final class Sync {
        private final List<ExpectedFile> changes;

        private Sync(final List<ExpectedFile> changes) {
            this.changes = changes;
        }

        /** Returns the number of the earliest connection of the changes to sync; empty if there are none. */
        public OptionalInt since() {
            return changes.stream().mapToInt(ExpectedFile::connection).min();
        }

        /** Returns the expected state of the file. Must be called only if there are changes. */
        public ExpectedFile expected() {
            return sum(changes);
        }

        /**
         * Ends the call.
         *
         * @param done whether the changes are synced, or their loss is recorded
         */
        public void end(final boolean done) {
            endSync(changes, done);
        }
    }

    private synchronized void endSync(final List<ExpectedFile> changes, final boolean done) {
        final List<ExpectedFile> left = new ArrayList<>(syncing);
        if (done) {
            left.removeAll(changes);
        }
        syncs--;
        if (syncs == 0 && !left.isEmpty()) {
            if (latest != null) {
                left.add(latest);
            }
            latest = sum(left);
            left.clear();
        }
        syncing = List.copyOf(left);
    }

    private static ExpectedFile sum(final List<ExpectedFile> changes) {
        if (changes.size() == 1) {
            return changes.get(0);
        }
        final ExpectedFile sum = new ExpectedFile(
                changes.stream().mapToInt(ExpectedFile::connection).min().orElseThrow());
        changes.forEach(sum::add);
        return sum;
    }

    /**
     * Records that the server has lost unsynced changes, or may have lost some. Each descriptor reports this to
     * fsync(2) once. Only the first call for a connection has an effect.
     *
     * @param connection the number of the latest connection
     */
    public synchronized void recordLoss(final int connection, final IOException failure) {
        if (lastLossNumber < connection) {
            lastLossNumber = connection;
            lastLoss = failure;
        }
    }

    /** Returns a number that changes with each loss that {@link #recordLoss} records. */
    public synchronized int lossNumber() {
        return lastLossNumber;
    }

    /**
     * Throws the failure that {@link #recordLoss} recorded last, unless the descriptor has reported it.
     *
     * @param reported the value of {@link #lossNumber} when the descriptor was opened or last reported a failure
     */
    public synchronized void throwLoss(final int reported) throws IOException {
        if (lastLossNumber != reported && lastLoss != null) {
            throw lastLoss;
        }
    }
}
