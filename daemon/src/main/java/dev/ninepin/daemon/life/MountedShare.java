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
import dev.ninepin.fuse.FuseMount;
import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.fuse.mount.MountBusyException;
import dev.ninepin.fuse.mount.MountCopy;
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
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A usable mount with all its layers, from the channel up to FUSE. Thread-safe. */
public final class MountedShare implements AutoCloseable {
    /**
     * Flags that are passed on for root only. For other users, fusermount rejects {@code suid} and {@code dev} with a
     * message on standard error, and the other flags have no effect.
     */
    private static final Set<String> FOR_ROOT = Set.of("suid", "dev", "nodiratime", "strictatime");

    /** A directory that exists only on systems with SELinux. */
    private static final Path SELINUX = Path.of("/sys/fs/selinux");

    private final MountRequest request;
    private final Session session;
    private final Share share;
    private final FuseMount fuse;
    private final Instant since = Instant.now().truncatedTo(ChronoUnit.SECONDS);

    /** Whether the mount has been detached from its directory, or is about to be. */
    private volatile boolean unmounting;

    private MountedShare(final MountRequest request, final Session session, final Share share, final FuseMount fuse) {
        this.request = request;
        this.session = session;
        this.share = share;
        this.fuse = fuse;
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
                        FuseMount.mount(share, request.mountPoint(), fuseOptions(request, user)));
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

    /** Returns whether requests still wait for another connection. */
    private boolean waitsForConnection(final SessionStatus now) {
        return now.unexpectedEnd()
                .filter(end -> Duration.between(end.time(), Instant.now())
                                .compareTo(request.options().patience())
                        < 0)
                .isPresent();
    }

    /**
     * Makes one round trip to the server: requests the attributes of the share's root. Sends nothing while requests
     * wait for another connection.
     *
     * @return since when and why the session reconnects; empty if the server has answered
     * @throws IOException if the server does not reply within the session's timeout, or the session has ended
     */
    Optional<String> pingServer() throws IOException {
        final SessionStatus now = session.status();
        if (now.state() == SessionStatus.State.RECONNECTING && waitsForConnection(now)) {
            return now.unexpectedEnd()
                    .map(end ->
                            "reconnecting since " + end.time().truncatedTo(ChronoUnit.SECONDS) + ": " + end.reason());
        }
        try (FidTable.Lease root = session.fids().lease(session.fids().root())) {
            session.getattr(root.fid(), AttrMask.BASIC).await();
        }
        return Optional.empty();
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
