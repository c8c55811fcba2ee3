package dev.ninepin.differential;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A worker process that makes the calls of sequences below one directory. Not thread-safe. */
final class Side implements AutoCloseable {
    private static final long ENDS_WITHIN_SECONDS = 20;

    private final String name;
    private final Process worker;
    private final Writer requests;
    private final BufferedReader answers;

    /** @param command the command that runs {@code worker.py}, with its arguments */
    Side(final String name, final List<String> command) throws IOException {
        this.name = name;
        final ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("PYTHONDONTWRITEBYTECODE", "yes");
        worker = builder.start();
        requests = new OutputStreamWriter(worker.getOutputStream(), UTF_8);
        answers = new BufferedReader(new InputStreamReader(worker.getInputStream(), UTF_8));
    }

    void send(final Sequence sequence) {
        try {
            requests.write(sequence + "\n");
            requests.flush();
        } catch (final IOException e) {
            throw new UncheckedIOException(name + ": the worker has ended, which says why", e);
        }
    }

    /** Blocks for the results of the oldest sequence that has been sent but not received, and returns them. */
    Answers receive() {
        final List<String> calls = new ArrayList<>();
        final List<String> tree = new ArrayList<>();
        List<String> lines = calls;
        try {
            for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                if (line.isEmpty()) {
                    return new Answers(calls, tree);
                } else if (line.equals("tree")) {
                    lines = tree;
                } else {
                    lines.add(line);
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new IllegalStateException(name + ": the worker has ended, which says why");
    }

    /** Ends the worker and its child processes. */
    @Override
    public void close() {
        try {
            requests.close();
            if (!worker.waitFor(ENDS_WITHIN_SECONDS, TimeUnit.SECONDS)) {
                worker.descendants().forEach(ProcessHandle::destroyForcibly);
                worker.destroyForcibly();
                throw new IllegalStateException(name + ": the worker does not end");
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
