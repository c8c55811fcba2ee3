package dev.ninepin.daemon.life;

import dev.ninepin.daemon.control.ControlMessages;
import dev.ninepin.daemon.control.ControlServer;
import dev.ninepin.daemon.control.ControlSocket;
import dev.ninepin.daemon.control.MountStatus;
import dev.ninepin.fuse.mount.MountBusyException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The handler of control-socket requests for one mount. */
final class MountControl implements ControlServer.Handler {
    private static final Logger LOG = LoggerFactory.getLogger(MountControl.class);

    private final MountedShare share;
    private final ControlSocket socket;
    private final Supplier<@Nullable Path> log;
    private final Restart restart;
    private final long pid = ProcessHandle.current().pid();

    /**
     * Creates the handler.
     *
     * @param log returns the current log file; null if there is none
     */
    MountControl(
            final MountedShare share,
            final ControlSocket socket,
            final Supplier<@Nullable Path> log,
            final Restart restart) {
        this.share = share;
        this.socket = socket;
        this.log = log;
        this.restart = restart;
    }

    @Override
    public CompletableFuture<String> handle(final String line) {
        try {
            final ControlMessages.Request request = ControlMessages.read(line, ControlMessages.Request.class);
            if (ControlMessages.UNMOUNT.equals(request.request())) {
                return unmount(request.lazy());
            } else if (ControlMessages.RESTART.equals(request.request())) {
                return restart();
            }
            return done(answer(request));
        } catch (final IOException | RuntimeException e) {
            LOG.debug("The control socket was asked what it cannot do", e);
            return done(failed(e));
        }
    }

    private ControlMessages.Reply answer(final ControlMessages.Request request) throws IOException {
        if (ControlMessages.STATUS.equals(request.request())) {
            return ControlMessages.Reply.of(share.status(log.get()));
        }
        if (ControlMessages.PING.equals(request.request())) {
            return ControlMessages.Reply.done(pid);
        }
        throw new IOException("no such request: " + request.request());
    }

    /** Unmounts on a new thread. An unmount may block, and the control server must still answer status requests. */
    private CompletableFuture<String> unmount(final boolean lazy) {
        final CompletableFuture<String> reply = new CompletableFuture<>();
        new Thread(() -> reply.complete(json(tryUnmount(lazy))), "ninepin-unmount").start();
        return reply;
    }

    /** Replaces the program on a new thread. There is a reply only if that fails: the new program has other connections. */
    private CompletableFuture<String> restart() {
        final CompletableFuture<String> reply = new CompletableFuture<>();
        new Thread(() -> reply.complete(json(tryRestart())), "ninepin-restart").start();
        return reply;
    }

    private ControlMessages.Reply tryRestart() {
        try {
            restart.run();
            return failed(new IOException("the program was not replaced"));
        } catch (final IOException | RuntimeException | OutOfMemoryError | LinkageError e) {
            // A LinkageError: a class was not loaded before the new version replaced its file.
            LOG.warn("The program is not replaced: {}", e.getMessage(), e);
            return failed(e);
        }
    }

    private ControlMessages.Reply tryUnmount(final boolean lazy) {
        try {
            final List<MountStatus.Copy> copies = lazy ? share.detach() : share.unmount();
            if (!share.isAlive()) {
                return ControlMessages.Reply.done(pid);
            }
            socket.releaseName();
            return ControlMessages.Reply.unmountedButInUse(pid, copies);
        } catch (final MountBusyException e) {
            return ControlMessages.Reply.failed(pid, ControlMessages.BUSY, e.getMessage());
        } catch (final IOException | RuntimeException e) {
            LOG.warn("Unmounting failed", e);
            return failed(e);
        }
    }

    private ControlMessages.Reply failed(final Throwable e) {
        return ControlMessages.Reply.failed(
                pid, ControlMessages.FAILED, ProcessLimit.sentence(e).orElse(String.valueOf(e.getMessage())));
    }

    private static CompletableFuture<String> done(final ControlMessages.Reply reply) {
        return CompletableFuture.completedFuture(json(reply));
    }

    private static String json(final ControlMessages.Reply reply) {
        return ControlMessages.gson().toJson(reply);
    }
}
