package dev.ninepin.fuse;

import dev.ninepin.share.Errno;
import dev.ninepin.share.FileOperations;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeoutException;
import java.util.function.ToIntFunction;
import jnr.ffi.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file system that is mounted on a directory, and the threads that serve it. Any thread may call any method.
 *
 * <p>The mount ends when {@link #close} or {@link #unmount} ends it, when someone else unmounts it, or when the kernel
 * gives it up; {@link #awaitEnd} returns in all of these cases. The {@link FileOperations} stay open: closing them is up
 * to whoever made them, after the end. The kernel need not have released every handle and forgotten every node by then.
 */
public final class FuseMount implements AutoCloseable {
    /** How long a server may take to show its root before the mount is given up. */
    private static final long READY_SECONDS = 30;

    /** How long a file system may take to show that somebody serves it. */
    private static final long PROBE_SECONDS = 5;

    private static final String ENOTCONN = jnr.constants.platform.Errno.ENOTCONN.description();

    private static final Logger LOG = LoggerFactory.getLogger(FuseMount.class);

    private final MountPoint mountPoint;

    private final Callbacks callbacks;

    private final Workers workers;
    private final Teardown teardown;

    private FuseMount(
            final MountPoint mountPoint, final Callbacks callbacks, final Workers workers, final Teardown teardown) {
        this.mountPoint = mountPoint;
        this.callbacks = callbacks;
        this.workers = workers;
        this.teardown = teardown;
    }

    /**
     * Mounts {@code files} on {@code directory}, and returns when the mount is proven usable: the kernel has called, and
     * stat(2) of the mount point has shown the root's attributes as the server gave them.
     *
     * @throws IOException if it can't be mounted, or the root's attributes did not come, with the reason in words; then
     *     nothing is mounted
     */
    public static FuseMount mount(final FileOperations files, final Path directory, final FuseOptions options)
            throws IOException {
        return mount(files, directory, options, Errno::of);
    }

    /**
     * Whether a FUSE file system is mounted on {@code directory} that nobody serves any more. Waits for a limited time;
     * where it can't be seen, the answer is no.
     */
    public static boolean isDead(final Path directory) {
        try {
            Bounded.run("ninepin-probe", PROBE_SECONDS, () -> openDirectory(directory));
            return false;
        } catch (final FileSystemException e) {
            return ENOTCONN.equals(e.getReason());
        } catch (final IOException | TimeoutException e) {
            return false;
        }
    }

    /** Asks whoever serves {@code directory}; its attributes might come from the kernel's cache. */
    private static void openDirectory(final Path directory) throws IOException {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            LOG.trace("{} is served: {}", directory, entries);
        }
    }

    /** As {@link #mount(FileOperations, Path, FuseOptions)}, with failures turned into errnos by {@code errnoOf}. */
    static FuseMount mount(
            final FileOperations files,
            final Path directory,
            final FuseOptions options,
            final ToIntFunction<Throwable> errnoOf)
            throws IOException {
        return mount(files, directory, options, errnoOf, true);
    }

    /** @param mayMapUncached as of {@link Negotiation} */
    static FuseMount mount(
            final FileOperations files,
            final Path directory,
            final FuseOptions options,
            final ToIntFunction<Throwable> errnoOf,
            final boolean mayMapUncached)
            throws IOException {
        final LibFuse fuse = LibFuse.get();
        final MountChecks checks = MountChecks.ofThisSystem();
        checks.before(directory, options);
        final MountPoint mountPoint = new MountPoint(directory);
        final Callbacks callbacks = new Callbacks(fuse, files, errnoOf);
        final Pointer where = mountPoint.pointer();
        try (FuseArguments arguments = new FuseArguments(fuse, options)) {
            final long channel = fuse.fuse_mount(where, arguments.pointer());
            if (channel == 0) {
                throw checks.after(directory, LibC.errno());
            }
            final OptionalInt device;
            try {
                MountAttributes.of(options).applyTo(mountPoint);
                device = mountPoint.topDevice();
            } catch (final IOException | RuntimeException e) {
                fuse.fuse_unmount(where, channel);
                throw e;
            }
            final long session =
                    fuse.fuse_lowlevel_new(arguments.pointer(), callbacks.table(), callbacks.tableSize(), 0);
            if (session == 0 || device.isEmpty()) {
                fuse.fuse_unmount(where, channel);
                throw new IOException("libfuse mounted " + directory + ", but could not begin to serve it");
            }
            fuse.fuse_session_add_chan(session, channel);
            final Workers workers = new Workers(fuse, session, channel, callbacks, files.cache(), mayMapUncached);
            callbacks.servedBy(workers);
            final Connection connection = Connection.open(device.getAsInt());
            final FuseMount mount =
                    new FuseMount(mountPoint, callbacks, workers, new Teardown(mountPoint, connection, workers));
            mount.begin();
            LOG.info("{} is mounted on {}, connection {}", options.source(), mountPoint, connection.number());
            return mount;
        }
    }

    private void begin() throws IOException {
        workers.start();
        try {
            awaitReady();
        } catch (final IOException | RuntimeException e) {
            teardown.end();
            throw e;
        }
    }

    /** Asks the kernel for the root, as any program would. */
    private void awaitReady() throws IOException {
        final Readiness readiness = callbacks.readiness;
        try {
            Bounded.run("ninepin-probe", READY_SECONDS, () -> Files.getAttribute(mountPoint.path(), "unix:ino"));
        } catch (final TimeoutException e) {
            final String who =
                    readiness.isInitialised() ? "the server has not shown its root" : "the kernel has not called";
            throw new IOException(who + " within " + READY_SECONDS + " s", e);
        } catch (final IOException e) {
            final Throwable cause = readiness.rootFailure().orElse(e);
            throw new IOException("the root of the share cannot be shown: " + cause.getMessage(), cause);
        }
        if (!readiness.isRootShown()) {
            throw new IOException("the kernel shows a root that did not come from the server");
        }
    }

    /** What it has done, and is doing. */
    public FuseStatus status() {
        final List<Long> ages = workers.ages(System.nanoTime());
        return new FuseStatus(
                callbacks.bytesRead.sum(),
                callbacks.bytesWritten.sum(),
                ages.size(),
                ages.stream().mapToLong(Long::longValue).max().orElse(0),
                callbacks.recorder.snapshot());
    }

    /**
     * Unmounts, as umount(8) does, and waits until the service has ended, for a limited time. Does nothing if it is not
     * mounted there any more.
     *
     * @return the other mounts of it, which keep it; it does not wait then
     * @throws MountBusyException if it is in use; the mount goes on then
     * @throws IOException if it can't be unmounted otherwise
     */
    public List<MountCopy> unmount() throws IOException {
        return teardown.unmount();
    }

    /**
     * Takes the mount from its directory at once, although it may be in use. Programs go on with what they have open, and
     * the mount ends with the last of these, or with {@link #close}. Does nothing if it is not mounted there any more.
     *
     * @return the other mounts of it, which keep it as well
     * @throws IOException if it can't be taken away
     */
    public List<MountCopy> detach() throws IOException {
        return teardown.detach();
    }

    /** Returns the kernel's number for its connection, which is the minor number of its device too. */
    public int connection() {
        return teardown.connection();
    }

    /** Whether it is mounted on its directory, in the mount namespace of this process. */
    public boolean isMounted() throws IOException {
        return teardown.isMounted();
    }

    /** Whether the kernel may still ask for something here, from the directory or from elsewhere. */
    public boolean isAlive() {
        return teardown.isAlive();
    }

    /** Returns where it is mounted beside its directory; nothing tells of namespaces in which no process can be seen. */
    public List<MountCopy> copies() throws IOException {
        return teardown.copies();
    }

    /** Waits until the mount has ended, for whatever reason, and no thread of it is left. */
    public void awaitEnd() throws InterruptedException {
        workers.awaitEnd();
    }

    /** Whether the mount has ended, for whatever reason. */
    public boolean ended() {
        return workers.ended();
    }

    /**
     * Ends the mount, and the service of it, whatever is in progress. If it is in use, what is dirty is written first;
     * then programs that still have files open there get errors. Waits for a limited time at each step, and logs what
     * could not be done. Closing again does nothing.
     */
    @Override
    public void close() {
        teardown.end();
    }
}
