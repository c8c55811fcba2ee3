package dev.ninepin.daemon.life;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.ninepin.daemon.control.ControlServer;
import dev.ninepin.daemon.control.ControlSocket;
import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.Reason;
import dev.ninepin.daemon.host.RuntimeDirectory;
import dev.ninepin.daemon.host.User;
import dev.ninepin.daemon.options.MountRequest;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One mount from its start to its end. The main thread calls {@link #run} once; any thread may call {@link
 * #requestEnd}.
 */
final class MountLife {
    private static final Logger LOG = LoggerFactory.getLogger(MountLife.class);

    /** A callback for the moment when the mount is usable. */
    interface Ready {
        /**
         * Announces that the mount is usable. If this method throws, the mount ends.
         *
         * @return the log file; null if there is none
         */
        @Nullable
        Path announce(MountedShare share) throws IOException;
    }

    private final MountRequest request;
    private final boolean isForeground;
    private final @Nullable MountState earlier;

    /** Tells the service manager of a restart. */
    private final Runnable announceRestart;

    /** Guards the fields that a signal handler reads: the thread that is still mounting, or the mount. */
    private final Object lock = new Object();

    @GuardedBy("lock")
    private boolean endRequested;

    @GuardedBy("lock")
    private @Nullable Thread mounting;

    @GuardedBy("lock")
    private @Nullable MountedShare mounted;

    private volatile @Nullable Path log;

    /**
     * @param earlier the state from another program; null to make the mount
     * @param announceRestart tells the service manager that the program is about to be replaced
     */
    MountLife(
            final MountRequest request,
            final boolean isForeground,
            final @Nullable MountState earlier,
            final Runnable announceRestart) {
        this.request = request;
        this.isForeground = isForeground;
        this.earlier = earlier;
        this.announceRestart = announceRestart;
    }

    /**
     * Mounts and serves. Returns when the mount has ended and is cleaned up, after an unmount of any kind or after
     * {@link #requestEnd}.
     *
     * @throws NinepinException if the mount never became usable; with {@link ExitCode#INTERRUPTED} if the end was
     *     requested before that
     */
    void run(final Ready ready) throws NinepinException {
        check();
        // The socket comes first, because only the owner of its name may mount on the directory.
        try (ControlSocket socket = ControlSocket.open(RuntimeDirectory.ofCurrentUser(), request.mountPoint());
                MountedShare share = mount()) {
            serve(share, socket, ready);
        } catch (final BindException e) {
            throw new NinepinException(
                    ExitCode.MOUNT_FAILED,
                    e.getMessage() + "; wait until it has ended (see ninepin status), or choose another directory",
                    e);
        } catch (final IOException e) {
            throw new NinepinException(
                    ExitCode.SYSTEM, "cannot serve " + request.mountPoint() + ": " + Reason.of(e), e);
        }
        removeLastTraces();
        LOG.info("{} is unmounted", request.mountPoint());
    }

    /** Removes the state directory if the package was removed while this mount was in use. */
    private static void removeLastTraces() {
        try {
            StateDirectory.ofCurrentUser(User.current()).removeIfUninstalled(Replacement.ownJar());
        } catch (final IOException e) {
            LOG.warn("The directory of this mount's notes could not be removed: {}", e.getMessage());
        }
    }

    /** Checks for obstacles before the mount is made. */
    private void check() throws NinepinException {
        if (earlier == null) {
            request.check();
        }
    }

    /** Ends the mount, or cancels mounting. Does not wait for programs that use the mount. Idempotent. */
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
        check();
        synchronized (lock) {
            if (endRequested) {
                throw NinepinException.interrupted();
            }
            mounting = Thread.currentThread();
        }
        MountedShare share = null;
        try {
            share = earlier == null
                    ? MountedShare.mount(request, User.current())
                    : MountedShare.takeOver(request, User.current(), earlier);
        } catch (final IOException e) {
            throw new NinepinException(
                    ExitCode.SYSTEM, "cannot read the user ID of this process: " + e.getMessage(), e);
        } catch (final NinepinException e) {
            throw wasInterrupted() ? NinepinException.interrupted() : e;
        } finally {
            synchronized (lock) {
                mounting = null;
                mounted = share;
            }
            // The interrupt was meant for mounting. It must not disturb the cleanup.
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
        final Restart restart = new Restart(request, share, isForeground, () -> log, announceRestart);
        try (ControlServer server = ControlServer.start(socket, new MountControl(share, socket, () -> log, restart))) {
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
