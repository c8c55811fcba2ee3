package dev.ninepin.daemon;

import dev.ninepin.channel.Channel;
import dev.ninepin.fuse.FuseMount;
import dev.ninepin.fuse.FuseOptions;
import dev.ninepin.fuse.MountBusyException;
import dev.ninepin.fuse.MountCopy;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.session.FidTable;
import dev.ninepin.session.RequestTimeoutException;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionEnd;
import dev.ninepin.session.SessionEndedException;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.SessionStatus;
import dev.ninepin.share.Share;
import dev.ninepin.share.ShareOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All the layers of one mount, from the channel up to FUSE, usable. Any thread may call any method. */
final class MountedShare implements AutoCloseable {
    /** fusermount grants the first two to nobody else, and says so on standard error; the others have no effect. */
    private static final Set<String> FOR_ROOT = Set.of("suid", "dev", "nodiratime", "strictatime");

    /** What is here on a system that has SELinux. */
    private static final Path SELINUX = Path.of("/sys/fs/selinux");

    private final MountRequest request;
    private final Session session;
    private final Share share;
    private final FuseMount fuse;
    private final Instant since = Instant.now().truncatedTo(ChronoUnit.SECONDS);

    /** Whether the mount was taken off its directory, or is about to be. */
    private volatile boolean unmounting;

    private MountedShare(final MountRequest request, final Session session, final Share share, final FuseMount fuse) {
        this.request = request;
        this.session = session;
        this.share = share;
        this.fuse = fuse;
    }

    /**
     * Connects and mounts; returns when the mount is proven usable, or leaves nothing behind.
     *
     * @param user the user to attach as, unless the options say otherwise
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED}
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
     * Connects only, as for a mount.
     *
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED}, or {@link ExitCode#USAGE} if the options make no sense
     */
    static Session connect(final Source source, final MountOptions options, final User user) throws NinepinException {
        final int nUname = AttachedUser.number(options, user);
        final Channel channel;
        try {
            channel = source.open(options.msize(), options.driver());
        } catch (final IllegalArgumentException e) {
            throw new NinepinException(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.MOUNT_FAILED, Reason.of(e), e);
        }
        final ByteString uname = options.uname();
        final SessionOptions defaults =
                SessionOptions.defaults(nUname).withMsize(options.msize()).withAname(options.aname());
        try {
            return Session.connect(channel, uname == null ? defaults : defaults.withUname(uname));
        } catch (final IOException e) {
            throw failed("cannot mount " + source, e, wayOut(e));
        }
    }

    /** What a person may check if the server did not even agree to talk, and said nothing of use. */
    private static String wayOut(final IOException e) {
        return e instanceof SessionEndedException || e instanceof RequestTimeoutException
                ? "; check that it is a 9P2000.L server"
                : "";
    }

    /**
     * One round trip to the server: asks for the attributes of the share's root.
     *
     * @throws IOException if no answer came within the session's timeout, or can come any more
     */
    void ask() throws IOException {
        try (FidTable.Lease root = session.fids().use(session.fids().root())) {
            session.getattr(root.fid(), AttrMask.BASIC).await();
        }
    }

    /** How the server is talked to, in a few words. */
    String describe() {
        return session.status().version() + ", msize " + session.msize() + ", "
                + session.channelInfo().kind() + " " + session.channelInfo().device();
    }

    /** {@code log} is where the log goes, null for nowhere. */
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
        // Anyone may have unmounted it.
        if (unmounting || !fuse.isMounted()) {
            return MountStatus.UNMOUNTING;
        }
        return sessionStatus.connected() ? MountStatus.CONNECTED : MountStatus.DISCONNECTED;
    }

    /**
     * Takes the mount off its directory, if nobody uses it.
     *
     * @return the other mounts of the share, which keep it
     * @throws MountBusyException if somebody does; the mount stays as it was
     */
    List<MountStatus.Copy> unmount() throws IOException {
        final List<MountCopy> copies = fuse.unmount();
        unmounting = true;
        return StatusReport.copies(copies);
    }

    /** Takes the mount off its directory; who uses it may go on, and {@link #awaitEnd} returns after the last of them. */
    List<MountStatus.Copy> detach() throws IOException {
        final List<MountCopy> copies = fuse.detach();
        unmounting = true;
        return StatusReport.copies(copies);
    }

    /** Takes the mount off its directory; who uses it gets errors from here on, and nobody waits. */
    void end() {
        unmounting = true;
        fuse.close();
    }

    /** Whether the kernel may still ask for something, although it may be unmounted. */
    boolean isAlive() {
        return fuse.isAlive();
    }

    /** Returns when the kernel is done with the mount, whoever unmounted it. */
    void awaitEnd() throws InterruptedException {
        fuse.awaitEnd();
    }

    /** Unmounts if that is still to be done, ends the session with its server, and gives everything back. */
    @Override
    public void close() {
        fuse.close();
        share.close();
    }

    private static ShareOptions shareOptions(final MountOptions options) {
        return new ShareOptions(options.cache(), options.uid(), options.gid())
                .withXattrs(options.xattrs())
                .withContainSymlinks(options.containSymlinks())
                .withRemoteLocks(options.remoteLocks())
                .withAccess(options.access())
                .withIdMap(options.idMap())
                .withAccessTimes(options.accessTimes());
    }

    /** A share that is only read has nothing removed. */
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
                        .toList());
    }

    private static NinepinException failed(final String what, final IOException e, final String wayOut) {
        return new NinepinException(ExitCode.MOUNT_FAILED, what + ": " + Reason.of(e) + wayOut, e);
    }
}
