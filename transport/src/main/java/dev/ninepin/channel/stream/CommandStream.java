package dev.ninepin.channel.stream;

import dev.ninepin.channel.ChannelInfo;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The standard input and output of a command that this class starts. The end of its standard error is kept for error
 * messages.
 */
final class CommandStream implements ByteStream {
    private static final Logger LOG = LoggerFactory.getLogger(CommandStream.class);

    /** How long the command may take to exit after the end of its input, and again after SIGTERM. */
    private static final Duration GRACE = Duration.ofMillis(500);

    /** How long to wait after SIGKILL. Only an uninterruptible system call takes longer. */
    private static final Duration KILL_TIMEOUT = Duration.ofSeconds(5);

    private final CommandPipes pipes;
    private final Process process;
    private final StderrTail errors;
    private final UninterruptedOutput output;
    private final ChannelInfo info;

    private CommandStream(final List<String> command, final CommandPipes pipes) {
        this.pipes = pipes;
        this.process = pipes.process();
        this.errors = StderrTail.of(pipes.stderr(), "ninepin exec stderr " + process.pid());
        this.output = new UninterruptedOutput(pipes.stdin(), "ninepin exec stdin " + process.pid());
        final Map<String, String> details = Map.of("pid", Long.toString(process.pid()));
        this.info = new ChannelInfo("exec", String.join(" ", command), details);
    }

    /**
     * Starts the command.
     *
     * @throws IOException if the command cannot be started; its message is meant for the user
     */
    static CommandStream start(final List<String> command) throws IOException {
        try {
            return new CommandStream(command, CommandPipes.start(new ProcessBuilder(command)));
        } catch (final IOException e) {
            throw new IOException("cannot start exec:" + String.join(" ", command) + ": " + whyNot(e), e);
        }
    }

    private static String whyNot(final IOException e) {
        // The JDK wraps the system's error: 'Cannot run program "x": error=2, No such file or directory'.
        final Throwable reason = e.getCause() != null ? e.getCause() : e;
        return reason.getMessage() + "; check that the command is installed and executable, or give its full path";
    }

    /** Returns true, because the command may be ssh(1), for example. */
    @Override
    public boolean mayReachOtherHost() {
        return true;
    }

    @Override
    public ChannelInfo info() {
        return info;
    }

    @Override
    public void limitWriting(final long nanos) {
        output.limit(nanos);
    }

    @Override
    public ReadableByteChannel input() {
        return pipes.stdout();
    }

    @Override
    public WritableByteChannel output() {
        return output;
    }

    @Override
    public int writeUntil(final ByteBuffer source, final long deadline) throws IOException {
        return output.writeUntil(source, deadline);
    }

    @Override
    public String lastWords() {
        final String end = haveEnded(List.of(process.toHandle()), GRACE)
                ? "; the command ended with status " + process.exitValue()
                : "";
        final String words = errors.text();
        return words.isEmpty() ? end : end + "; its standard error ends with: " + words;
    }

    @Override
    public void close() {
        closePipes();
        end();
        errors.close();
    }

    /** Closes the pipes. This wakes our threads at once, and the command reads the end of its input. */
    private void closePipes() {
        close(output);
        close(pipes.stdout());
    }

    private void end() {
        // List the descendants while the command lives. Once it has exited, they are no longer its children.
        final List<ProcessHandle> all = Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .toList();
        if (!haveEnded(all, GRACE)) {
            all.forEach(ProcessHandle::destroy);
            if (!haveEnded(all, GRACE)) {
                all.forEach(ProcessHandle::destroyForcibly);
                if (!haveEnded(all, KILL_TIMEOUT)) {
                    LOG.warn("The command {} (pid {}) has not exited after SIGKILL", info.device(), process.pid());
                }
            }
        }
    }

    /** Blocks until all processes have ended, at most for {@code within}. An interrupt does not end the wait. */
    private static boolean haveEnded(final List<ProcessHandle> processes, final Duration within) {
        final CompletableFuture<?>[] ends =
                processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new);
        return CompletableFuture.allOf(ends)
                .thenApply(all -> true)
                .completeOnTimeout(false, within.toMillis(), TimeUnit.MILLISECONDS)
                .join();
    }

    private void close(final Closeable pipe) {
        try {
            pipe.close();
        } catch (final IOException e) {
            LOG.debug("Closing a pipe of {} failed; it is gone all the same", info.device(), e);
        }
    }
}
