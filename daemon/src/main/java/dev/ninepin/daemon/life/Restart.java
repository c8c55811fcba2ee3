package dev.ninepin.daemon.life;

import dev.ninepin.daemon.options.MountRequest;
import dev.ninepin.os.Descriptor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The replacement of this program by the installed program, without an unmount. Programs that use the mount see a
 * pause. If something cannot be handed over, this program goes on. Any thread may call any method.
 */
final class Restart {
    private final MountRequest request;
    private final MountedShare share;
    private final boolean isForeground;
    private final Supplier<@Nullable Path> log;
    private final Runnable announcement;

    /** Set while a restart is in progress, because only one may be. */
    private final AtomicBoolean begun = new AtomicBoolean();

    /**
     * @param isForeground whether the mount is served in the foreground
     * @param log returns the log file; null if there is none
     * @param announcement tells the service manager
     */
    Restart(
            final MountRequest request,
            final MountedShare share,
            final boolean isForeground,
            final Supplier<@Nullable Path> log,
            final Runnable announcement) {
        this.request = request;
        this.share = share;
        this.isForeground = isForeground;
        this.log = log;
        this.announcement = announcement;
    }

    /**
     * Replaces the program. Does not return normally.
     *
     * @throws IOException if the program cannot be replaced; the message says why
     */
    void run() throws IOException {
        if (begun.getAndSet(true)) {
            throw new IOException("another restart is in progress");
        }
        try {
            final Replacement program = Replacement.installed(request.mountPoint());
            program.check();
            program.requireOutside(request.mountPoint(), log.get());
            announcement.run();
            share.handOver(parts -> {
                final MountState state = new MountState(
                        request.source().toString(),
                        request.mountPoint().toString(),
                        parts.directory(),
                        request.optionList(),
                        request.logLevel().name(),
                        isForeground,
                        Optional.ofNullable(log.get()).map(Path::toString),
                        parts.since(),
                        parts.fuse(),
                        parts.share());
                try (Descriptor memory = Replacement.write(state)) {
                    share.disconnect();
                    try {
                        program.execute(memory, state);
                    } finally {
                        share.connect();
                    }
                }
            });
        } finally {
            begun.set(false);
        }
    }
}
