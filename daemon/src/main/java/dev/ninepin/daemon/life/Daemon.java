package dev.ninepin.daemon.life;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.Reason;
import dev.ninepin.daemon.host.User;
import dev.ninepin.daemon.log.Logging;
import dev.ninepin.daemon.options.MountRequest;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process that serves a mount in the background. {@link BackgroundMount} starts it and reads its standard output.
 * The output is {@code ready}, followed on the same line by any warning; or {@code failed CODE}, followed on the next
 * lines by the message.
 */
public final class Daemon {
    static final String READY = "ready";
    static final String FAILED = "failed ";

    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);

    private final MountRequest request;
    private final Logging logging;

    private Daemon(final MountRequest request, final Logging logging) {
        this.request = request;
        this.logging = logging;
    }

    /**
     * Runs the daemon and ends the process.
     *
     * @param words the request, as from {@link MountRequest#words}
     */
    public static void main(final String... words) {
        final ProcessEnd end = ProcessEnd.takeCharge();
        end.exitWith(() -> run(List.of(words), end).code());
    }

    private static ExitCode run(final List<String> words, final ProcessEnd end) throws IOException {
        try {
            final MountRequest request = MountRequest.ofWords(words);
            final Logging logging = Logging.toStandardError(request.logLevel());
            final MountLife life = new MountLife(request);
            end.onSignal(life::requestEnd);
            life.run(share -> new Daemon(request, logging).announce());
            return ExitCode.OK;
        } catch (final NinepinException e) {
            return failed(e);
        } catch (final OutOfMemoryError e) {
            final Optional<String> limit = ProcessLimit.sentence(e);
            if (limit.isEmpty()) {
                throw e;
            }
            return failed(new NinepinException(ExitCode.SYSTEM, limit.get(), e));
        }
    }

    private static ExitCode failed(final NinepinException e) throws IOException {
        LOG.debug("Not mounted", e);
        say(FAILED + e.exitCode().code() + "\n" + ProcessLimit.sentence(e).orElse(e.sentence()));
        return e.exitCode();
    }

    /**
     * Tells the waiting command that the mount is usable, after the process has detached from the terminal. The command
     * returns to its shell only then.
     *
     * @return the log file; null if it cannot be written
     */
    private @Nullable Path announce() throws IOException {
        Path log = null;
        String warning = "";
        try {
            log = openLog();
        } catch (final IOException e) {
            // A mount without a log is better than no mount, for example while /var is read-only.
            logging.stop();
            warning = " the share is mounted, but without a log file: "
                    + Reason.of(e).replace('\n', ' ');
        }
        final Detachment detachment = new Detachment();
        detachment.leaveTerminal();
        say(READY + warning + "\n");
        detachment.closeOutput();
        return log;
    }

    private Path openLog() throws IOException {
        final Path log = LogFile.of(
                User.current(), request.mountPoint(), System::getenv, Path.of(System.getProperty("user.home")));
        // Opens the file once to get the error, which Logback does not report.
        Files.newByteChannel(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND)
                .close();
        logging.moveTo(log);
        return log;
    }

    /** Writes to standard output, a pipe to the command that waits for the mount. */
    private static void say(final String text) throws IOException {
        new FileOutputStream(FileDescriptor.out).write(text.getBytes(UTF_8));
    }
}
