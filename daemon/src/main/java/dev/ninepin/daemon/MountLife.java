package dev.ninepin.daemon;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One mount from its start to its end. {@link #run} is called once, by the main thread; {@link #requestEnd} by any.
 */
final class MountLife {
    private static final Logger LOG = LoggerFactory.getLogger(MountLife.class);

    /** What happens once the mount is usable. */
    interface Ready {
        /** Tells whoever waits for it; if that fails, the mount ends. Returns where the log goes, null for nowhere. */
        @Nullable
        Path announce(MountedShare share) throws IOException;
    }

    private final MountRequest request;

    /** Guards what a signal finds: either the thread that is still mounting, or the mount. */
    private final Object lock = new Object();

    @GuardedBy("lock")
    private boolean endRequested;

    @GuardedBy("lock")
    private @Nullable Thread mounting;

    @GuardedBy("lock")
    private @Nullable MountedShare mounted;

    private volatile @Nullable Path log;

    MountLife(final MountRequest request) {
        this.request = request;
    }

    /**
     * Mounts, serves, and returns when all is over and nothing is left: after an unmount by whatever means, or
     * {@link #requestEnd}.
     *
     * @throws NinepinException if there never was a usable mount; with {@link ExitCode#INTERRUPTED} if the end was
     *     requested before
     */
    void run(final Ready ready) throws NinepinException {
        request.check();
        // Before anything is mounted: who has the name is the only one to mount there.
        try (ControlSocket socket = ControlSocket.open(RuntimeDirectory.ofCurrentUser(), request.mountPoint());
                MountedShare share = mount()) {
            serve(share, socket, ready);
        } catch (final BindException e) {
            throw new NinepinException(
                    ExitCode.MOUNT_FAILED,
                    e.getMessage() + ": wait until it has ended (ninepin status), or choose another directory",
                    e);
        } catch (final IOException e) {
            throw new NinepinException(
                    ExitCode.SYSTEM, "cannot serve " + request.mountPoint() + ": " + Reason.of(e), e);
        }
        removeLastTraces();
        LOG.info("{} is unmounted", request.mountPoint());
    }

    /** The package may have been removed, and left to the mount in use what it needed. */
    private static void removeLastTraces() {
        try {
            StateDirectory.ofCurrentUser(User.current()).removeIfUninstalled(JavaCommand.ownJar());
        } catch (final IOException e) {
            LOG.warn("The directory of this mount's notes could not be removed: {}", e.getMessage());
        }
    }

    /** Ends the mount, or its making, without waiting for those who use it. Safe to call again. */
    void requestEnd() {
        final MountedShare share;
        synchronized (lock) {
            endRequested = true;
            if (mounting != null) {
                mounting.interrupt();
            }
            share = mounted;
        }
        if (share != null) {
            share.end();
        }
    }

    private MountedShare mount() throws NinepinException {
        request.check();
        synchronized (lock) {
            if (endRequested) {
                throw NinepinException.interrupted();
            }
            mounting = Thread.currentThread();
        }
        MountedShare share = null;
        try {
            share = MountedShare.mount(request, User.current());
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.SYSTEM, "this process does not know its user: " + e.getMessage(), e);
        } catch (final NinepinException e) {
            throw wasInterrupted() ? NinepinException.interrupted() : e;
        } finally {
            synchronized (lock) {
                mounting = null;
                mounted = share;
            }
            // An interrupt meant the mounting; it must not disturb the cleaning up.
            Thread.interrupted();
        }
        if (wasInterrupted()) {
            share.end();
            share.close();
            throw NinepinException.interrupted();
        }
        return share;
    }

    private boolean wasInterrupted() {
        synchronized (lock) {
            return endRequested;
        }
    }

    private void serve(final MountedShare share, final ControlSocket socket, final Ready ready) throws IOException {
        try (ControlServer server = ControlServer.start(socket, new MountControl(share, socket, () -> log))) {
            socket.releaseClaim();
            LOG.debug("The control socket is {}", server.path());
            log = ready.announce(share);
            LOG.info("{} is mounted on {}", request.source(), request.mountPoint());
            share.awaitEnd();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
