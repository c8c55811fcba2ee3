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
 * A runner of programs in a mounted directory, without locale variables, and with the server's directory in {@code
 * EXPORT}.
 *
 * @param directory the working directory of the programs
 * @param export the same directory on the server
 * @param mapped whether the server stores modes and owners in extended attributes
 * @param ganesha whether the server is nfs-ganesha
 */
record Programs(Path directory, Path export, boolean mapped, boolean ganesha) {
    private static final long MOST_SECONDS = 400;

    /** Creates a runner in a directory that is not mounted. */
    Programs(final Path directory) {
        this(directory, directory, false, false);
    }

    /** Starts a program, with standard error redirected to standard output. */
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
        // Keeps the git configuration of the user and the machine from affecting a test.
        environment.put("GIT_CONFIG_GLOBAL", "/dev/null");
        environment.put("GIT_CONFIG_NOSYSTEM", "1");
        return builder.directory(directory.toFile()).start();
    }

    /** Runs a program, requires that it succeeds, and returns its output lines. */
    List<String> run(final String... command) throws IOException, InterruptedException {
        final Ended ended = runToItsEnd(command);
        assertThat(ended.status()).as(ended.output()).isZero();
        return ended.output().lines().toList();
    }

    /** Runs a shell script, requires that each of its commands succeeds, and returns its output lines. */
    List<String> sh(final String script, final String... arguments) throws IOException, InterruptedException {
        return run(words(new String[] {"sh", "-euc", script, "sh"}, arguments));
    }

    /** Runs a Python script with mounttest.py imported, requires that it succeeds, and returns its output lines. */
    List<String> python(final String script, final String... arguments) throws IOException, InterruptedException {
        return run(pythonCommand(script, arguments));
    }

    /**
     * Runs one of the programs beside mounttest.py, requires that it succeeds, and returns its output lines. Each
     * program documents its purpose and its arguments.
     */
    List<String> script(final String name, final String... arguments) throws IOException, InterruptedException {
        final String interpreter = name.endsWith(".py") ? Python.COMMAND : "sh";
        final String path = scripts().resolve("programs").resolve(name).toString();
        return run(words(new String[] {interpreter, path}, arguments));
    }

    static String[] pythonCommand(final String script, final String... arguments) {
        return words(new String[] {Python.COMMAND, "-c", "from mounttest import *\n" + script}, arguments);
    }

    /** Returns the command of a Python program beside mounttest.py. */
    static String[] scriptCommand(final String name, final String... arguments) {
        return words(new String[] {Python.COMMAND, scripts().resolve(name).toString()}, arguments);
    }

    /**
     * The result of a program that has ended.
     *
     * @param status the exit status
     * @param output standard output and standard error
     */
    record Ended(int status, String output) {}

    /** Runs a program until it ends, and returns its result, whatever its exit status. */
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

    /** Returns a command line joined from two parts. */
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
