package dev.ninepin.channel.stream;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A running command and our ends of its three pipes. Any thread may close a pipe while another thread blocks in it.
 *
 * <p>The pipes that the JDK makes for a process lack this property: closing one does not wake a blocked thread, and may
 * even wait for it. So named pipes are used. Their names are removed once both sides have opened them.
 *
 * @param process the running command
 * @param stdin the pipe to the command's standard input
 * @param stdout the pipe from the command's standard output
 * @param stderr the pipe from the command's standard error
 */
record CommandPipes(Process process, FileChannel stdin, FileChannel stdout, FileChannel stderr) {
    private static final int MKFIFO_SECONDS = 10;

    /**
     * Starts the command.
     *
     * @throws IOException if the command cannot be started; no process and no file is left behind
     */
    static CommandPipes start(final ProcessBuilder command) throws IOException {
        final Path directory = Files.createTempDirectory("ninepin-exec");
        final Path stdin = directory.resolve("stdin");
        final Path stdout = directory.resolve("stdout");
        final Path stderr = directory.resolve("stderr");
        try (Cleanup opened = new Cleanup();
                Cleanup untilStarted = new Cleanup()) {
            makePipes(stdin, stdout, stderr);
            // Opening one end of a named pipe blocks until the other end is opened. Opening it for both does not block
            // on Linux (fifo(7)).
            for (final Path pipe : List.of(stdin, stdout, stderr)) {
                opened.add(FileChannel.open(pipe, READ, WRITE));
            }
            final FileChannel toCommand = untilStarted.add(FileChannel.open(stdin, WRITE));
            final FileChannel fromCommand = untilStarted.add(FileChannel.open(stdout, READ));
            final FileChannel errors = untilStarted.add(FileChannel.open(stderr, READ));
            final Process process = command.redirectInput(stdin.toFile())
                    .redirectOutput(stdout.toFile())
                    .redirectError(stderr.toFile())
                    .start();
            untilStarted.forget();
            return new CommandPipes(process, toCommand, fromCommand, errors);
        } finally {
            for (final Path path : List.of(stdin, stdout, stderr, directory)) {
                Files.deleteIfExists(path);
            }
        }
    }

    private static void makePipes(final Path... paths) throws IOException {
        final ProcessBuilder mkfifo = new ProcessBuilder("mkfifo", "-m", "600");
        for (final Path path : paths) {
            mkfifo.command().add(path.toString());
        }
        final Process process = mkfifo.redirectErrorStream(true).start();
        try {
            if (!process.waitFor(MKFIFO_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException("mkfifo(1) could not create named pipes in " + paths[0].getParent());
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while creating named pipes", e);
        } finally {
            process.destroyForcibly();
        }
    }

    /** A list of channels to close at the end of a block. */
    private static final class Cleanup implements Closeable {
        private final Deque<FileChannel> channels = new ArrayDeque<>();

        FileChannel add(final FileChannel channel) {
            channels.push(channel);
            return channel;
        }

        /** Leaves the channels open at the end of the block. */
        void forget() {
            channels.clear();
        }

        @Override
        public void close() throws IOException {
            for (final FileChannel channel : channels) {
                channel.close();
            }
        }
    }
}
