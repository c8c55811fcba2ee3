package dev.ninepin.fuse;

import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a mount ends: it is taken from its directory, its connection ends, its threads leave. In this order nobody is left
 * waiting, and native memory outlives all who use it. Any thread.
 */
final class Teardown {
    /** How long the kernel may take to unmount, or to write what is dirty. */
    private static final long KERNEL_SECONDS = 15;

    /** How long threads may take to leave after an unmount, which has ended the connection, unless copies are left. */
    private static final long UNMOUNTED_SECONDS = 2;

    /** How long threads may take to leave after the connection was ended under them. */
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
     * As {@link FuseMount#unmount}. One attempt to take the mount away at a time: the mount point is looked at before it is
     * touched, since what lies below is not ours.
     */
    synchronized List<MountCopy> unmount() throws IOException {
        if (!isAttached()) {
            return copies();
        }
        final List<MountCopy> left = takeAway("ninepin-unmount", unmounter::unmount);
        if (left.isEmpty()) {
            awaitWorkers(UNMOUNTED_SECONDS);
        }
        return left;
    }

    /** As {@link FuseMount#detach}. */
    synchronized List<MountCopy> detach() throws IOException {
        return isAttached() ? takeAway("ninepin-detach", unmounter::detach) : copies();
    }

    /** Returns the copies that are left. Without a copy before there is none after, but maybe a new file system's mount. */
    private List<MountCopy> takeAway(final String threadName, final Bounded.Call call) throws IOException {
        final List<MountCopy> before = copies();
        inLimitedTime(threadName, call);
        return before.isEmpty() ? before : copies();
    }

    /** As {@link FuseMount#connection}. */
    int connection() {
        return connection.number();
    }

    /** As {@link FuseMount#isMounted}. */
    boolean isMounted() throws IOException {
        return isAlive() && mountPoint.holds(connection.number());
    }

    /** As {@link FuseMount#copies}. */
    List<MountCopy> copies() throws IOException {
        return isAlive() ? MountCopy.find(connection.number(), mountPoint) : List.of();
    }

    /** As {@link FuseMount#isAlive}. */
    boolean isAlive() {
        return !workers.disconnected() && !workers.ended();
    }

    /** As {@link FuseMount#close}. */
    synchronized void end() {
        // An interrupt is no reason to leave the mount as it is.
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
        if (!workers.ended()) {
            endService();
        }
        if (workers.ended()) {
            tryTo("close the control file of", connection::close);
        }
    }

    private void endService() {
        try {
            unmount();
        } catch (final MountBusyException e) {
            LOG.info("{}; it is taken away nevertheless", e.getMessage());
            tryTo("write what is dirty on", () -> inLimitedTime("ninepin-sync", this::sync));
            tryTo("detach", this::detach);
        } catch (final IOException e) {
            LOG.warn("{} was not unmounted: {}", mountPoint, e.getMessage());
            tryTo("detach", this::detach);
        }
        if (!workers.ended()) {
            // If this is not possible, the threads go on: no request is left without an answer.
            tryTo("end the connection of", () -> {
                if (!workers.disconnected()) {
                    connection.abort(workers::takeNoMore);
                }
                workers.interruptAll();
                awaitWorkers(ABORTED_SECONDS);
            });
        }
        if (!workers.ended()) {
            LOG.warn("{} is still served: it ends with the last open file there, or with this process", mountPoint);
        }
    }

    private void tryTo(final String what, final Bounded.Call step) {
        try {
            step.run();
        } catch (final IOException e) {
            LOG.warn("cannot {} {}: {}", what, mountPoint, e.getMessage());
        }
    }

    private void inLimitedTime(final String threadName, final Bounded.Call call) throws IOException {
        try {
            Bounded.run(threadName, KERNEL_SECONDS, call);
        } catch (final TimeoutException e) {
            throw new IOException(threadName + " of " + mountPoint + " takes longer than " + KERNEL_SECONDS + " s", e);
        }
    }

    /** Whether our file system is still mounted there, where umount(2) would find it. */
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
        final LibC libc = LibC.get();
        final int root = libc.open(mountPoint.pointer(), LibC.O_CLOEXEC);
        if (root < 0) {
            throw new IOException(LibC.errno().description());
        }
        try {
            if (libc.syncfs(root) != 0) {
                throw new IOException(LibC.errno().description());
            }
        } finally {
            libc.close(root);
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
