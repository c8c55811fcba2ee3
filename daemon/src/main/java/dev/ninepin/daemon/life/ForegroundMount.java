package dev.ninepin.daemon.life;

import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.log.Logging;
import dev.ninepin.daemon.options.MountRequest;
import dev.ninepin.daemon.systemd.ServiceManager;
import dev.ninepin.daemon.systemd.Watchdog;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A mount that this process serves until it ends, with the log on standard error. Under systemd it is a service. The
 * main thread calls {@link #run} once; any thread may call {@link #requestEnd}.
 */
public final class ForegroundMount {
    private static final Logger LOG = LoggerFactory.getLogger(ForegroundMount.class);

    private final MountRequest request;
    private final ServiceManager manager;
    private final MountLife life;
    private final boolean isTakeOver;

    /** Used by the main thread only. */
    private @Nullable Watchdog watchdog;

    public ForegroundMount(final MountRequest request) {
        this(request, ServiceManager.ofEnvironment(), null);
    }

    /** @param earlier the state from another program; null to make the mount */
    ForegroundMount(final MountRequest request, final ServiceManager manager, final @Nullable MountState earlier) {
        this.request = request;
        this.manager = manager;
        this.isTakeOver = earlier != null;
        this.life = new MountLife(
                request,
                true,
                earlier,
                () -> manager.status("the installed program takes over " + request.mountPoint()));
    }

    /**
     * Mounts and serves. Returns when the mount has ended.
     *
     * @throws NinepinException if the mount never became usable
     */
    public void run() throws NinepinException {
        Logging.toStandardError(request.logLevel());
        request.note().ifPresent(LOG::info);
        final String begin =
                (isTakeOver ? "taking over " : "mounting ") + request.source() + " on " + request.mountPoint();
        manager.status(begin);
        if (isTakeOver) {
            // Programs wait until the server answers. systemd must not end the mount meanwhile.
            watchdog = manager.watchdog()
                    .map(limit -> Watchdog.start(
                            manager, new Patience(), request.source().toString(), begin, limit))
                    .orElse(null);
        }
        try {
            life.run(this::ready);
        } catch (final NinepinException e) {
            manager.status(e.sentence());
            throw e;
        } finally {
            if (watchdog != null) {
                watchdog.close();
            }
        }
    }

    /** Ends the mount, or cancels mounting. Idempotent. */
    public void requestEnd() {
        manager.stopping("unmounting " + request.mountPoint());
        life.requestEnd();
    }

    private @Nullable Path ready(final MountedShare share) {
        final String status =
                request.source() + " is mounted on " + request.mountPoint() + " (" + share.describe() + ")";
        manager.ready(status);
        final Optional<Duration> limit = manager.watchdog();
        if (limit.isPresent()) {
            if (watchdog != null) {
                watchdog.close();
            }
            LOG.debug("systemd wants a sign of life every {} ms", limit.get().toMillis());
            watchdog = Watchdog.start(manager, share, "the server of " + request.source(), status, limit.get());
        }
        return null;
    }

    /** A server that counts as answering while the connection to the real one is made. */
    private static final class Patience implements Watchdog.Server {
        @Override
        public void ask() {}

        @Override
        public Optional<String> explainWait() {
            return Optional.empty();
        }
    }
}
