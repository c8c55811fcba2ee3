package dev.ninepin.daemon.life;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.Reason;
import dev.ninepin.daemon.host.User;
import dev.ninepin.daemon.log.Logging;
import dev.ninepin.daemon.options.MountRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A mount that this process serves in the background. While it is being made, this process belongs to the terminal, and
 * its {@link Launcher} waits. When the mount is usable, this process detaches and the launcher returns to its user. The
 * main thread calls {@link #run} once; any thread may call {@link #requestEnd}.
 */
public final class BackgroundMount {
    private final MountRequest request;
    private final boolean verbose;
    private final Consumer<String> warnings;
    private final MountLife life;

    /**
     * @param verbose whether the log goes to standard error while the mount is being made
     * @param warnings receives a warning for the user, before this process detaches
     */
    public BackgroundMount(final MountRequest request, final boolean verbose, final Consumer<String> warnings) {
        this.request = request;
        this.verbose = verbose;
        this.warnings = warnings;
        this.life = new MountLife(request, false, null, () -> {});
    }

    /**
     * Mounts and serves. Returns when the mount has ended.
     *
     * @throws NinepinException if the mount never became usable; with {@link ExitCode#USAGE} if no launcher waits
     */
    public void run() throws NinepinException {
        request.check();
        final Launcher launcher = Launcher.ofThisProcess();
        launcher.closeInherited();
        final Logging logging =
                verbose ? Logging.toStandardError(request.logLevel()) : Logging.toNowhere(request.logLevel());
        life.run(share -> detach(launcher, logging));
    }

    /** Ends the mount, or cancels mounting. Idempotent. */
    public void requestEnd() {
        life.requestEnd();
    }

    /**
     * Detaches this process, and then lets the launcher return.
     *
     * @return the log file; null if it cannot be written
     */
    private @Nullable Path detach(final Launcher launcher, final Logging logging) throws IOException {
        final Path log = openLog(logging);
        new Detachment().leaveTerminal();
        launcher.release();
        return log;
    }

    private @Nullable Path openLog(final Logging logging) {
        try {
            final Path log = LogFile.of(
                    User.current(), request.mountPoint(), System::getenv, Path.of(System.getProperty("user.home")));
            // Opens the file once to get the error, which Logback does not report.
            Files.newByteChannel(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                    .close();
            logging.moveTo(log);
            return log;
        } catch (final IOException e) {
            // A mount without a log is better than no mount, for example while /var is read-only.
            logging.stop();
            warnings.accept("the share is mounted, but without a log file: " + Reason.of(e));
            return null;
        }
    }
}
