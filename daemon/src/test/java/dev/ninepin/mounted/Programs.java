package dev.ninepin.mounted;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.testing.Python;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs programs in a directory that is mounted, with no locale, and with the server's side of it in {@code EXPORT}.
 *
 * @param directory where they run
 * @param export the same directory, as the server has it
 * @param mapped whether the server keeps modes and owners in extended attributes
 * @param ganesha whether the server is nfs-ganesha
 */
record Programs(Path directory, Path export, boolean mapped, boolean ganesha) {
    private static final long MOST_SECONDS = 400;

    /** In a directory that is not mounted. */
    Programs(final Path directory) {
        this(directory, directory, false, false);
    }

    /** Starts a program; its output and errors come together. */
    Process start(final String... command) throws IOException {
        final ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        final var environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("LC_") || name.startsWith("LANG"));
        environment.put("EXPORT", export.toString());
        environment.put("MAPPED", mapped ? "yes" : "no");
        environment.put("GANESHA", ganesha ? "yes" : "no");
        environment.put("PYTHON", Python.COMMAND);
        environment.put("PYTHONPATH", scripts().toString());
        environment.put("PYTHONDONTWRITEBYTECODE", "yes");
        // Neither the user's configuration of git nor the machine's changes what a test does.
        environment.put("GIT_CONFIG_GLOBAL", "/dev/null");
        environment.put("GIT_CONFIG_NOSYSTEM", "1");
        return builder.directory(directory.toFile()).start();
    }

    /** Runs a program to its success, and returns what it printed, by lines. */
    List<String> run(final String... command) throws IOException, InterruptedException {
        final Ended ended = runToItsEnd(command);
        assertThat(ended.status()).as(ended.output()).isZero();
        return ended.output().lines().toList();
    }

    /** Runs a shell script to its success, which is that of its every command; returns what it printed, by lines. */
    List<String> sh(final String script, final String... arguments) throws IOException, InterruptedException {
        return run(words(new String[] {"sh", "-euc", script, "sh"}, arguments));
    }

    /** Runs a Python script to its success; what is in mounttest.py is imported. */
    List<String> python(final String script, final String... arguments) throws IOException, InterruptedException {
        return run(pythonCommand(script, arguments));
    }

    /**
     * Runs one of the programs beside mounttest.py to its success; returns what it printed, by lines. What it does, and
     * what its arguments are, it says itself.
     */
    List<String> script(final String name, final String... arguments) throws IOException, InterruptedException {
        final String interpreter = name.endsWith(".py") ? Python.COMMAND : "sh";
        final String path = scripts().resolve("programs").resolve(name).toString();
        return run(words(new String[] {interpreter, path}, arguments));
    }

    static String[] pythonCommand(final String script, final String... arguments) {
        return words(new String[] {Python.COMMAND, "-c", "from mounttest import *\n" + script}, arguments);
    }

    /**
     * A program that has ended.
     *
     * @param status its exit status
     * @param output its output and its errors
     */
    record Ended(int status, String output) {}

    /** Runs a program to its end, whichever it is. */
    Ended runToItsEnd(final String... command) throws IOException, InterruptedException {
        final Process process = start(command);
        try {
            process.getOutputStream().close();
            final var reader = process.getInputStream();
            final var limit = process.onExit()
                    .orTimeout(MOST_SECONDS, TimeUnit.SECONDS)
                    .exceptionally(late -> {
                        kill(process);
                        return process;
                    });
            final String output = new String(reader.readAllBytes(), UTF_8);
            limit.join();
            return new Ended(process.waitFor(), output);
        } finally {
            kill(process);
        }
    }

    private static void kill(final Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    /** A command line of two parts. */
    static String[] words(final String[] first, final String... rest) {
        return Stream.concat(Stream.of(first), Stream.of(rest)).toArray(String[]::new);
    }

    private static Path scripts() {
        final URL module = Objects.requireNonNull(Programs.class.getResource("mounttest.py"));
        try {
            return Path.of(module.toURI()).getParent();
        } catch (final URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
