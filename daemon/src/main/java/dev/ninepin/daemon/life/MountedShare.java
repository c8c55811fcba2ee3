package dev.ninepin.daemon.life;

import dev.ninepin.channel.Channel;
import dev.ninepin.daemon.control.MountStatus;
import dev.ninepin.daemon.control.StatusReport;
import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.Reason;
import dev.ninepin.daemon.host.User;
import dev.ninepin.daemon.options.KernelFlags;
import dev.ninepin.daemon.options.MountOptions;
import dev.ninepin.daemon.options.MountRequest;
import dev.ninepin.daemon.options.Source;
import dev.ninepin.daemon.systemd.Watchdog;
import dev.ninepin.fuse.FuseMount;
import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.fuse.mount.MountBusyException;
import dev.ninepin.fuse.mount.MountCopy;
import dev.ninepin.handover.FuseState;
import dev.ninepin.handover.ShareState;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.SessionStatus;
import dev.ninepin.session.exchange.RequestTimeoutException;
import dev.ninepin.session.exchange.SessionEnd;
import dev.ninepin.session.exchange.SessionEndedException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.share.Share;
import dev.ninepin.share.options.ShareOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A usable mount with all its layers, from the channel up to FUSE. Thread-safe. */
public final class MountedShare implements AutoCloseable, Watchdog.Server {
    /**
     * Flags that are passed on for root only. For other users, fusermount rejects {@code suid} and {@code dev} with a
     * message on standard error, and the other flags have no effect.
     */
    private static final Set<String> FOR_ROOT = Set.of("suid", "dev", "nodiratime", "strictatime");

    /** A directory that exists only on systems with SELinux. */
    private static final Path SELINUX = Path.of("/sys/fs/selinux");

    /** How long a restart waits for requests in progress, and then for the hand-over of the share. */
    private static final long HAND_OVER_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final long FIRST_STOP_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LONGEST_STOP_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long TAKE_OVER_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

    private static final Logger LOG = LoggerFactory.getLogger(MountedShare.class);

    private final MountRequest request;
    private final Session session;
    private final Share share;
    private final FuseMount fuse;
    private final Instant since;

    /** When this program took over the mount; null if it has made the mount itself. */
    private final @Nullable Instant restarted;

    /** Whether the mount has been detached from its directory, or is about to be. */
    private volatile boolean unmounting;

    private MountedShare(
            final MountRequest request,
            final Session session,
            final Share share,
            final FuseMount fuse,
            final @Nullable MountState earlier) {
        final Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        this.request = request;
        this.session = session;
        this.share = share;
        this.fuse = fuse;
        this.since = earlier == null ? now : Instant.parse(earlier.since());
        this.restarted = earlier == null ? null : now;
    }

    /**
     * Connects to the server and mounts. Returns when the mount has proved usable. On failure, closes everything that
     * it opened.
     *
     * @param user the user to attach as, unless the options name another
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED} if the connection or the mount fails, with {@link
     *     ExitCode#USAGE} if an option does not suit the source or the user
     */
    static MountedShare mount(final MountRequest request, final User user) throws NinepinException {
        final Session session = connect(request.source(), request.options(), user);
        try {
            final Share share = Share.open(session, shareOptions(request.options()), notes(request, user));
            try {
                return new MountedShare(
                        request,
                        session,
                        share,
                        FuseMount.mount(share, request.mountPoint(), fuseOptions(request, user)),
                        null);
            } catch (final IOException | RuntimeException | OutOfMemoryError e) {
                share.close();
                throw e;
            }
        } catch (final IOException e) {
            session.close();
            throw failed("cannot mount " + request.source() + " on " + request.mountPoint(), e, "");
        } catch (final RuntimeException | OutOfMemoryError e) {
            session.close();
            throw e;
        }
    }

    /**
     * Takes over a mount that another program has served. Blocks until there is a connection to the server. Programs
     * that use the mount wait meanwhile.
     *
     * @throws NinepinException if the state cannot be used, or this thread is interrupted
     */
    static MountedShare takeOver(final MountRequest request, final User user, final MountState earlier)
            throws NinepinException {
        String told = "";
        while (true) {
            try {
                final Session session = connect(request.source(), request.options(), user);
                try {
                    return takeOver(request, user, earlier, session);
                } catch (final IOException | RuntimeException | OutOfMemoryError e) {
                    session.close();
                    throw e;
                }
            } catch (final IOException | NinepinException e) {
                final String why = String.valueOf(e.getMessage());
                if (!why.equals(told)) {
                    LOG.warn("Cannot take over {} yet, and will go on trying: {}", request.mountPoint(), why, e);
                    told = why;
                }
            }
            try {
                TimeUnit.NANOSECONDS.sleep(TAKE_OVER_PAUSE_NANOS);
            } catch (final InterruptedException e) {
                throw NinepinException.interrupted();
            }
        }
    }

    private static MountedShare takeOver(
            final MountRequest request, final User user, final MountState earlier, final Session session)
            throws IOException {
        final Share share =
                Share.takeOver(session, shareOptions(request.options()), notes(request, user), earlier.share());
        final FuseMount fuse = FuseMount.takeOver(
                share,
                request.mountPoint(),
                earlier.directoryBytes().toBytes(),
                fuseOptions(request, user),
                earlier.fuse());
        return new MountedShare(request, session, share, fuse, earlier);
    }

    /** The state for another program that takes over the mount. */
    record Parts(ByteString directory, String since, FuseState fuse, ShareState share) {}

    /** The start of the program that takes over the mount. */
    @FunctionalInterface
    interface Successor {
        /** Does not return if the program is replaced. If the method throws, this program goes on. */
        void start(Parts parts) throws IOException;
    }

    /**
     * Stops serving the mount, and starts another program that takes it over.
     *
     * @throws IOException if something cannot be handed over, or the program cannot be started; this program then goes
     *     on
     */
    void handOver(final Successor successor) throws IOException {
        final SessionStatus.State state = session.status().state();
        if (!request.options().reconnects()) {
            throw new IOException("the mount has the option noreconnect, and a restart connects again");
        } else if (state != SessionStatus.State.CONNECTED) {
            throw new IOException("there is no connection to the server");
        } else if (unmounting || !fuse.isMounted()) {
            throw new IOException("it is being unmounted");
        }
        share.prepareHandOver();
        final FuseState stopped = stop();
        try {
            final ShareState kept = share.handOver(System.nanoTime() + HAND_OVER_NANOS);
            successor.start(new Parts(ByteString.copyOf(fuse.directory()), since.toString(), stopped, kept));
        } finally {
            fuse.goOn();
        }
    }

    /**
     * Stops serving. A request in progress may depend on another request that is still in the kernel, such as a read of
     * a page. So requests are received again between the attempts.
     */
    private FuseState stop() throws IOException {
        final long begin = System.nanoTime();
        try {
            for (long nanos = FIRST_STOP_NANOS;
                    System.nanoTime() - begin < HAND_OVER_NANOS;
                    nanos = Math.min(2 * nanos, LONGEST_STOP_NANOS)) {
                final Optional<FuseState> stopped = fuse.stop(nanos);
                if (stopped.isPresent()) {
                    return stopped.get();
                }
                TimeUnit.NANOSECONDS.sleep(nanos / 4);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while requests were in progress", e);
        }
        throw new IOException(fuse.status().requestsInProgress()
                + " requests are still in progress, such as one that waits" + " for a lock or for the server");
    }

    /** Ends the connection to the server for another program, which connects in its place. */
    void disconnect() throws IOException {
        session.suspend();
    }

    /** Connects again after {@link #disconnect}. */
    void connect() {
        session.goOn("the program could not be replaced");
    }

    /**
     * Connects to the server as for a mount, but does not mount. The caller closes the session.
     *
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED} if the connection fails, with {@link ExitCode#USAGE}
     *     if an option does not suit the source or the user
     */
    public static Session connect(final Source source, final MountOptions options, final User user)
            throws NinepinException {
        final int nUname = AttachedUser.number(options, user);
        final int msize = options.msize().orElse(source.msize());
        final Channel channel;
        try {
            channel = source.open(msize, options.driver());
        } catch (final IllegalArgumentException e) {
            throw new NinepinException(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.MOUNT_FAILED, Reason.of(e), e);
        }
        final ByteString uname = options.uname();
        final SessionOptions defaults = options.withWaits(
                SessionOptions.defaults(nUname).withMsize(msize).withAname(options.aname()));
        final SessionOptions all = uname == null ? defaults : defaults.withUname(uname);
        try {
            return options.reconnects()
                    ? Session.connect(channel, () -> source.open(msize, options.driver()), all)
                    : Session.connect(channel, all);
        } catch (final IOException e) {
            throw failed("cannot mount " + source, e, adviseOnConnectError(e));
        }
    }

    /** Returns advice for a server that failed to negotiate a session without sending an error. */
    private static String adviseOnConnectError(final IOException e) {
        return e instanceof SessionEndedException || e instanceof RequestTimeoutException
                ? "; check that it is a 9P2000.L server"
                : "";
    }

    /**
     * Makes one round trip to the server: requests the attributes of the share's root.
     *
     * @throws IOException if the server does not reply within the session's timeout, or the connection has ended
     */
    @Override
    public void ask() throws IOException {
        try (FidTable.Lease root = session.fids().lease(session.fids().root())) {
            session.getattr(root.fid(), AttrMask.BASIC).await();
        }
    }

    @Override
    public Optional<String> explainWait() {
        final SessionStatus now = session.status();
        if (now.patienceNanos() == 0) {
            return Optional.empty();
        } else if (now.state() == SessionStatus.State.RECONNECTING) {
            return Optional.of(now.unexpectedEnd()
                    .map(end ->
                            "reconnecting since " + end.time().truncatedTo(ChronoUnit.SECONDS) + ": " + end.reason())
                    .orElse("reconnecting"));
        }
        return silentSince(now).map(since -> "silent since " + since + ": " + request.source() + " does not answer");
    }

    /** Returns since when the server has sent nothing although requests wait; empty if no request waits. */
    private static Optional<Instant> silentSince(final SessionStatus now) {
        return now.silentNanos() == 0
                ? Optional.empty()
                : Optional.of(Instant.now().minusNanos(now.silentNanos()).truncatedTo(ChronoUnit.SECONDS));
    }

    /** Returns a short description of the session and its channel. */
    String describe() {
        return session.status().version() + ", msize " + session.msize() + ", "
                + session.channelInfo().kind() + " " + session.channelInfo().device();
    }

    /**
     * Returns the status of this mount.
     *
     * @param log the log file; null if there is none
     */
    MountStatus status(final @Nullable Path log) throws IOException {
        final SessionStatus sessionStatus = session.status();
        final Optional<SessionEnd> end = sessionStatus.unexpectedEnd();
        return new MountStatus(
                request.source().toString(),
                request.mountPoint().toString(),
                state(sessionStatus),
                since.toString(),
                restarted == null ? null : restarted.toString(),
                silentSince(sessionStatus)
                        .filter(each -> sessionStatus.state() == SessionStatus.State.SILENT)
                        .map(Instant::toString)
                        .orElse(null),
                end.map(each -> each.time().truncatedTo(ChronoUnit.SECONDS).toString())
                        .orElse(null),
                end.map(SessionEnd::reason).orElse(null),
                end.isPresent() ? sessionStatus.tries() : null,
                sessionStatus.tryFailure().orElse(null),
                sessionStatus
                        .nextTry()
                        .map(next -> next.truncatedTo(ChronoUnit.MILLIS).toString())
                        .orElse(null),
                ProcessHandle.current().pid(),
                Version.current(),
                Optional.ofNullable(log).map(Path::toString).orElse(null),
                request.optionList(),
                fuse.connection(),
                StatusReport.copies(fuse.copies()),
                StatusReport.protocol(sessionStatus),
                StatusReport.channel(session.channelInfo()),
                StatusReport.files(fuse.status()),
                StatusReport.jvm());
    }

    private String state(final SessionStatus sessionStatus) throws IOException {
        // Another process may have unmounted it.
        if (unmounting || !fuse.isMounted()) {
            return MountStatus.UNMOUNTING;
        }
        return switch (sessionStatus.state()) {
            case CONNECTED -> MountStatus.CONNECTED;
            case SILENT -> MountStatus.SILENT;
            case RECONNECTING -> MountStatus.RECONNECTING;
            case ENDED -> MountStatus.DISCONNECTED;
        };
    }

    /**
     * Unmounts from the directory, unless the mount is in use.
     *
     * @return the other mounts of the share, which keep the daemon running
     * @throws MountBusyException if the mount is in use; it stays mounted
     */
    List<MountStatus.Copy> unmount() throws IOException {
        final List<MountCopy> copies = fuse.unmount();
        if (copies.isEmpty()) {
            session.stopWaiting();
        }
        unmounting = true;
        return StatusReport.copies(copies);
    }

    /**
     * Detaches the mount from its directory. Programs that have files open can go on; {@link #awaitEnd} returns after
     * the last of them closes its files.
     *
     * @return the other mounts of the share, which keep the daemon running
     */
    List<MountStatus.Copy> detach() throws IOException {
        final List<MountCopy> copies = fuse.detach();
        unmounting = true;
        return StatusReport.copies(copies);
    }

    /** Detaches the mount from its directory without waiting. Programs that still use it get errors. */
    void end() {
        unmounting = true;
        session.stopWaiting();
        fuse.close();
    }

    /** Returns whether the kernel can still send requests, which it may do after an unmount. */
    boolean isAlive() {
        return fuse.isAlive();
    }

    /** Blocks until the kernel has dropped the mount, no matter which process unmounted it. */
    void awaitEnd() throws InterruptedException {
        fuse.awaitEnd();
    }

    /** Unmounts if still mounted, ends the session with the server, and releases all resources. */
    @Override
    public void close() {
        session.stopWaiting();
        fuse.close();
        share.close();
    }

    private static ShareOptions shareOptions(final MountOptions options) {
        return new ShareOptions(options.cache(), options.uid(), options.gid())
                .withTimeouts(options.timeouts())
                .withWritesBehind(options.writesBehind())
                .withXattrs(options.xattrs())
                .withContainSymlinks(options.containSymlinks())
                .withRemoteLocks(options.remoteLocks())
                .withAccess(options.access())
                .withIdMap(options.idMap())
                .withAccessTimes(options.accessTimes());
    }

    /** Returns the path of the record of removed files; empty for a read-only mount, which removes none. */
    private static Optional<Path> notes(final MountRequest request, final User user) {
        return request.options().readOnly()
                ? Optional.empty()
                : Optional.of(StateDirectory.ofCurrentUser(user).removedFiles(request.source(), request.options()));
    }

    private static FuseOptions fuseOptions(final MountRequest request, final User user) {
        final MountOptions options = request.options();
        return new FuseOptions(
                request.source().toString(),
                options.readOnly(),
                options.allowOther(),
                options.defaultPermissions(),
                options.kernelFlags().stream()
                        .filter(flag -> user.isRoot() || !FOR_ROOT.contains(flag))
                        .filter(flag -> !KernelFlags.isContext(flag) || Files.isDirectory(SELINUX))
                        .toList(),
                options.limits());
    }

    private static NinepinException failed(final String what, final IOException e, final String wayOut) {
        return new NinepinException(ExitCode.MOUNT_FAILED, what + ": " + Reason.of(e) + wayOut, e);
    }
}
