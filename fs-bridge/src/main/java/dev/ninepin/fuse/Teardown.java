package dev.ninepin.fuse;

import dev.ninepin.fuse.mount.Connection;
import dev.ninepin.fuse.mount.MountBusyException;
import dev.ninepin.fuse.mount.MountCopy;
import dev.ninepin.fuse.mount.MountPoint;
import dev.ninepin.fuse.mount.Unmounter;
import dev.ninepin.fuse.server.Workers;
import dev.ninepin.os.Descriptor;
import dev.ninepin.os.LibC;
import dev.ninepin.os.SeparateCall;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps that end a mount: unmount it from its directory, end its connection, wait for its threads to leave. In this
 * order, no program waits forever, and native memory outlives its users. Any thread may call any method; blocks for a
 * limited time.
 */
final class Teardown {
    /** How long the kernel may take to unmount, or to write dirty data. */
    private static final long KERNEL_SECONDS = 15;

    /**
     * How long threads may take to leave after an unmount. If no copies of the mount are left, the unmount has ended
     * the connection.
     */
    private static final long UNMOUNTED_SECONDS = 2;

    /** How long threads may take to leave after the connection was aborted. */
    private static final long ABORTED_SECONDS = 10;

    private static final Logger LOG = LoggerFactory.getLogger(Teardown.class);

    private final MountPoint mountPoint;
    private final Connection connection;
    private final Workers workers;
    private final Unmounter unmounter;

    Teardown(final MountPoint mountPoint, final Connection connection, final Workers workers) {
        this.mountPoint = mountPoint;
        this.connection = connection;
        this.workers = workers;
        unmounter = new Unmounter(mountPoint);
    }

    /**
     * Unmounts as {@link FuseMount#unmount} does. Only one attempt runs at a time: the mount point is checked before it
     * is unmounted, because a mount below may not be this one.
     */
    synchronized List<MountCopy> unmount() throws IOException {
        if (!isAttached()) {
            return copies();
        }
        final List<MountCopy> left = runAndFindCopies("ninepin-unmount", unmounter::unmount);
        if (left.isEmpty()) {
            awaitWorkers(UNMOUNTED_SECONDS);
        }
        return left;
    }

    /** Detaches the mount as {@link FuseMount#detach} does. */
    synchronized List<MountCopy> detach() throws IOException {
        return isAttached() ? runAndFindCopies("ninepin-detach", unmounter::detach) : copies();
    }

    /**
     * Runs an unmount call, and returns the copies that are left. Without copies before the call, there are none after
     * it. A copy found then could belong to a new file system that has reused the connection's number.
     */
    private List<MountCopy> runAndFindCopies(final String threadName, final SeparateCall.Action call)
            throws IOException {
        final List<MountCopy> before = copies();
        inLimitedTime(threadName, call);
        return before.isEmpty() ? before : copies();
    }

    /** Returns the connection's number, as {@link FuseMount#connection} does. */
    int connection() {
        return connection.number();
    }

    /** Returns whether the mount is on its directory, as {@link FuseMount#isMounted} does. */
    boolean isMounted() throws IOException {
        return isAlive() && mountPoint.hasMount(connection.number());
    }

    /** Returns the file system's other mounts, as {@link FuseMount#copies} does. */
    List<MountCopy> copies() throws IOException {
        return isAlive() ? MountCopy.find(connection.number(), mountPoint) : List.of();
    }

    /** Returns whether the kernel may still send requests, as {@link FuseMount#isAlive} does. */
    boolean isAlive() {
        return !workers.isDisconnected() && !workers.hasEnded();
    }

    /** Ends the mount as {@link FuseMount#close} does. An interrupt of the calling thread does not stop it. */
    synchronized void end() {
        // An interrupt must not leave the mount half ended.
        final boolean interrupted = Thread.interrupted();
        try {
            endUninterrupted();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void endUninterrupted() {
        if (!workers.hasEnded()) {
            endService();
        }
        if (workers.hasEnded()) {
            tryTo("close the control file of", connection::close);
        }
    }

    private void endService() {
        try {
            unmount();
        } catch (final MountBusyException e) {
            LOG.info("{}; detaching it anyway", e.getMessage());
            tryTo("write dirty data of", () -> inLimitedTime("ninepin-sync", this::sync));
            tryTo("detach", this::detach);
        } catch (final IOException e) {
            LOG.warn("{} was not unmounted: {}", mountPoint, e.getMessage());
            tryTo("detach", this::detach);
        }
        if (!workers.hasEnded()) {
            // If the connection cannot be aborted, the threads keep serving, so that no request stays unanswered.
            tryTo("end the connection of", () -> {
                if (!workers.isDisconnected()) {
                    connection.abort(workers::exitSession);
                }
                workers.interruptAll();
                awaitWorkers(ABORTED_SECONDS);
            });
        }
        if (!workers.hasEnded()) {
            LOG.warn("{} is still in use: it ends when its last file is closed, or with this process", mountPoint);
        }
    }

    private void tryTo(final String what, final SeparateCall.Action step) {
        try {
            step.run();
        } catch (final IOException e) {
            LOG.warn("cannot {} {}: {}", what, mountPoint, e.getMessage());
        }
    }

    private void inLimitedTime(final String threadName, final SeparateCall.Action call) throws IOException {
        try {
            SeparateCall.run(threadName, KERNEL_SECONDS, call);
        } catch (final TimeoutException e) {
            throw new IOException(
                    threadName + " of " + mountPoint + " did not finish within " + KERNEL_SECONDS + " s", e);
        }
    }

    /**
     * Returns whether this mount is still on its directory, where umount(2) finds it.
     *
     * @throws IOException if another file system is mounted on top of it
     */
    private boolean isAttached() throws IOException {
        if (!isMounted()) {
            return false;
        }
        final OptionalInt top = mountPoint.topDevice();
        if (top.isPresent() && top.getAsInt() != connection.number()) {
            throw new IOException("another file system is mounted on top of " + mountPoint);
        }
        return true;
    }

    private void sync() throws IOException {
        if (!workers.isServerAnswering()) {
            LOG.warn("the server of {} does not answer: data of mapped files that was not synced is lost", mountPoint);
            return;
        }
        try (Descriptor root = Descriptor.openReadOnly(mountPoint.path())) {
            root.call("syncfs", LibC.get()::syncfs);
        }
    }

    private void awaitWorkers(final long seconds) {
        try {
            workers.awaitEnd(seconds);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
