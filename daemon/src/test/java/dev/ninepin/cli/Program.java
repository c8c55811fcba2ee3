package dev.ninepin.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs programs as a user would, and waits until they end. */
final class Program {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /** The root of the source tree. Tests run in the directory of their module. */
    static final Path TREE = Path.of("..").toAbsolutePath().normalize();

    /** The result of a program. */
    record Result(int exitCode, String output, String errors) {}

    private Program() {}

    /** Runs the packaged program with the launcher of the source tree. */
    static Result ninepin(final Object... arguments) throws Exception {
        final List<String> command =
                new ArrayList<>(List.of(TREE.resolve("ninepin").toString()));
        for (final Object argument : arguments) {
            command.add(argument.toString());
        }
        return run(command, Map.of());
    }

    /** Runs the program from the compiled classes. */
    static Result main(final List<String> javaOptions, final String... arguments) throws Exception {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(javaOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.ninepin.cli.Main"));
        command.addAll(List.of(arguments));
        return run(command, Map.of());
    }

    static Result run(final List<String> command, final Map<String, String> environment) throws Exception {
        final Path output = Files.createTempFile("out", null);
        final Path errors = Files.createTempFile("err", null);
        try {
            final Process process = start(command, environment, output, errors);
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                throw new AssertionError(command + " does not end; it said " + Files.readString(errors, UTF_8));
            }
            return new Result(process.exitValue(), Files.readString(output, UTF_8), Files.readString(errors, UTF_8));
        } finally {
            Files.delete(output);
            Files.delete(errors);
        }
    }

    static Process start(
            final List<String> command, final Map<String, String> environment, final Path output, final Path errors)
            throws IOException {
        final ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }
}
