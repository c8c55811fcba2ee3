package dev.ninepin.fuse;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.mount.Connection;
import dev.ninepin.fuse.mount.FuseArguments;
import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.fuse.mount.MountAttributes;
import dev.ninepin.fuse.mount.MountChecks;
import dev.ninepin.fuse.mount.MountCopy;
import dev.ninepin.fuse.mount.MountPoint;
import dev.ninepin.fuse.mount.ReadAhead;
import dev.ninepin.fuse.server.Callbacks;
import dev.ninepin.fuse.server.FuseSession;
import dev.ninepin.fuse.server.Readiness;
import dev.ninepin.fuse.server.Workers;
import dev.ninepin.handover.FuseState;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.os.LibC;
import dev.ninepin.os.SeparateCall;
import dev.ninepin.os.SystemErrno;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.function.ToIntFunction;
import jnr.ffi.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file system mounted on a directory, with the threads that serve it. Any thread may call any method.
 *
 * <p>The mount ends when {@link #close} or {@link #unmount} ends it, when another program unmounts it, or when the
 * kernel aborts its connection. {@link #awaitEnd} returns in all of these cases. The {@link FileOperations} stay open;
 * their creator closes them after the end of the mount. By then, the kernel may not have released every handle or
 * forgotten every node.
 */
public final class FuseMount implements AutoCloseable {
    /** How long the server may take to return the root's attributes before mounting fails. */
    private static final long READY_SECONDS = 30;

    /** How long a file system may take to respond to {@link #isDead}. */
    private static final long PROBE_SECONDS = 5;

    private static final Logger LOG = LoggerFactory.getLogger(FuseMount.class);

    private final MountPoint mountPoint;

    private final Callbacks callbacks;
    private final Workers workers;
    private final Teardown teardown;

    private FuseMount(final MountPoint mountPoint, final Connection connection, final FuseSession session) {
        this.mountPoint = mountPoint;
        callbacks = session.callbacks();
        workers = session.workers();
        teardown = new Teardown(mountPoint, connection, workers);
    }

    /**
     * Mounts {@code files} on {@code directory}. Blocks until the mount is usable: the kernel has initialised the
     * connection, and stat(2) of the mount point has returned the root's attributes from the server.
     *
     * @throws IOException if mounting fails, or if the server does not return the root's attributes; the message says
     *     why, and nothing is left mounted
     */
    public static FuseMount mount(final FileOperations files, final Path directory, final FuseOptions options)
            throws IOException {
        return mount(files, directory, options, Errno::of);
    }

    /**
     * Returns whether {@code directory} has a FUSE mount whose server process is gone. Blocks for at most 5 s. Returns
     * false if the state of the mount cannot be determined.
     */
    public static boolean isDead(final Path directory) {
        try {
            SeparateCall.run("ninepin-probe", PROBE_SECONDS, () -> openDirectory(directory));
            return false;
        } catch (final FileSystemException e) {
            return SystemErrno.ENOTCONN.text().equals(e.getReason());
        } catch (final IOException | TimeoutException e) {
            return false;
        }
    }

    /**
     * Opens a directory, which always reaches the process that serves it. A read of its attributes might be answered
     * from the kernel's cache.
     */
    private static void openDirectory(final Path directory) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            LOG.trace("{} is served: {}", directory, entries);
        }
    }

    /**
     * Mounts as {@link #mount(FileOperations, Path, FuseOptions)} does, but translates exceptions into errnos with
     * {@code errnoOf}.
     */
    static FuseMount mount(
            final FileOperations files,
            final Path directory,
            final FuseOptions options,
            final ToIntFunction<Throwable> errnoOf)
            throws IOException {
        return mount(LibFuse.get(), files, directory, options, errnoOf, true);
    }

    /**
     * Mounts as {@link #mount(FileOperations, Path, FuseOptions, ToIntFunction)} does.
     *
     * @param fuse the library, in which a test may simulate faults
     * @param mayMapUncached as in {@code Negotiation}
     */
    static FuseMount mount(
            final LibFuse fuse,
            final FileOperations files,
            final Path directory,
            final FuseOptions options,
            final ToIntFunction<Throwable> errnoOf,
            final boolean mayMapUncached)
            throws IOException {
        final MountChecks checks = MountChecks.ofThisSystem(LibC.get().geteuid() == 0);
        checks.checkBeforeMount(directory, options);
        final MountPoint mountPoint = new MountPoint(directory);
        final Pointer where = mountPoint.pointer();
        try (FuseArguments arguments = new FuseArguments(fuse, options)) {
            final long channel = fuse.fuse_mount(where, arguments.pointer());
            if (channel == 0) {
                throw checks.explainFailure(directory, LibC.errno());
            }
            final Connection connection;
            final FuseSession session;
            try {
                MountAttributes.of(options).applyTo(mountPoint);
                final int device = mountPoint
                        .topDevice()
                        .orElseThrow(() -> new IOException(directory + " was unmounted before it was served"));
                session = FuseSession.create(fuse, arguments, channel, files, errnoOf, mayMapUncached);
                connection = Connection.open(device);
            } catch (final IOException | RuntimeException e) {
                fuse.fuse_unmount(where, channel);
                throw e;
            }
            final FuseMount mount = new FuseMount(mountPoint, connection, session);
            mount.begin(options);
            LOG.info("{} is mounted on {}, connection {}", options.source(), mountPoint, connection.number());
            return mount;
        }
    }

    /**
     * Serves a mount that another program has made and served. This process must not have used a file of the mount
     * before.
     *
     * @param directory the directory of the mount, without symbolic links
     * @param bytes the same in bytes
     * @throws IOException if libfuse cannot be used
     */
    public static FuseMount takeOver(
            final FileOperations files,
            final Path directory,
            final byte[] bytes,
            final FuseOptions options,
            final FuseState state)
            throws IOException {
        final LibFuse fuse = LibFuse.get();
        try (FuseArguments arguments = FuseArguments.ofSession(fuse, options)) {
            final long channel = fuse.fuse_kern_chan_new(state.device());
            if (channel == 0) {
                throw new IOException("libfuse could not use the connection of " + directory);
            }
            final FuseSession session = FuseSession.create(fuse, arguments, channel, files, Errno::of, true);
            session.workers().takeOver(state);
            final FuseMount mount =
                    new FuseMount(new MountPoint(directory, bytes), Connection.open(state.connection()), session);
            mount.workers.start();
            return mount;
        }
    }

    /** Returns the directory of the mount in bytes. */
    public byte[] directory() {
        return mountPoint.bytes();
    }

    /**
     * Stops serving, and blocks for at most {@code nanos} until no request is in progress, except for waits for locks.
     * If a request is still in progress then, goes on serving. Programs wait until {@link #goOn}, or until another
     * program serves the mount.
     *
     * @return the state for the program that serves the mount next; empty if this program goes on
     */
    public Optional<FuseState> stop(final long nanos) throws IOException, InterruptedException {
        return workers.stop(connection(), nanos);
    }

    /** Serves again after {@link #stop}. */
    public void goOn() {
        workers.goOn();
    }

    private void begin(final FuseOptions options) throws IOException {
        workers.start();
        try {
            awaitReady();
            ReadAhead.raise(connection(), options.limits().readahead());
        } catch (final IOException | RuntimeException e) {
            teardown.end();
            throw e;
        }
    }

    /** Asks the kernel for the root's attributes, as any program would. */
    private void awaitReady() throws IOException {
        final Readiness readiness = callbacks.readiness();
        try {
            SeparateCall.run("ninepin-probe", READY_SECONDS, () -> Files.getAttribute(mountPoint.path(), "unix:ino"));
        } catch (final TimeoutException e) {
            final String what = readiness.isInitialised()
                    ? "the server did not return the attributes of the share's root"
                    : "the kernel did not initialise the FUSE connection";
            throw new IOException(what + " within " + READY_SECONDS + " s", e);
        } catch (final IOException e) {
            final Throwable cause = readiness.rootFailure().orElse(e);
            throw new IOException("cannot get the attributes of the share's root: " + cause.getMessage(), cause);
        }
        if (!readiness.isRootShown()) {
            throw new IOException("the kernel returned root attributes that did not come from the server");
        }
    }

    /** Returns the mount's statistics and its requests in progress. */
    public FuseStatus status() {
        final List<Long> ages = workers.ages(System.nanoTime());
        return new FuseStatus(
                callbacks.bytesRead().sum(),
                callbacks.bytesWritten().sum(),
                ages.size(),
                ages.stream().mapToLong(Long::longValue).max().orElse(0),
                callbacks.recorder().snapshot());
    }

    /**
     * Unmounts as umount(8) does, and blocks for a limited time until the mount's threads have left. Does nothing if
     * the mount is no longer on its directory.
     *
     * @return the file system's other mounts, which keep it alive; if there are any, the method does not wait for the
     *     threads
     * @throws MountBusyException if the mount is in use; it then stays mounted
     * @throws IOException if unmounting fails for another reason
     */
    public List<MountCopy> unmount() throws IOException {
        return teardown.unmount();
    }

    /**
     * Detaches the mount from its directory at once, even if it is in use. Programs can go on using their open files.
     * The mount ends when the last of them is closed, or with {@link #close}. Does nothing if the mount is no longer on
     * its directory.
     *
     * @return the file system's other mounts, which also keep it alive
     * @throws IOException if detaching fails
     */
    public List<MountCopy> detach() throws IOException {
        return teardown.detach();
    }

    /** Returns the kernel's number for the FUSE connection, which is also the minor number of the mount's device. */
    public int connection() {
        return teardown.connection();
    }

    /** Returns whether the file system is mounted on its directory, in the mount namespace of this process. */
    public boolean isMounted() throws IOException {
        return teardown.isMounted();
    }

    /** Returns whether the kernel may still send requests, from this mount or from another mount of the file system. */
    public boolean isAlive() {
        return teardown.isAlive();
    }

    /**
     * Returns the file system's other mounts. Does not find mounts in a mount namespace in which this process can see
     * no process.
     */
    public List<MountCopy> copies() throws IOException {
        return teardown.copies();
    }

    /** Blocks until the mount has ended for any reason and all its threads have left. */
    public void awaitEnd() throws InterruptedException {
        workers.awaitEnd();
    }

    /** Returns whether the mount has ended, for any reason. */
    public boolean hasEnded() {
        return workers.hasEnded();
    }

    /**
     * Ends the mount and its threads, even if requests are in progress. If the mount is in use, dirty data is written
     * first; then programs with open files get errors. Blocks for a limited time at each step, and logs the steps that
     * fail. A second call does nothing.
     */
    @Override
    public void close() {
        teardown.end();
    }
}
