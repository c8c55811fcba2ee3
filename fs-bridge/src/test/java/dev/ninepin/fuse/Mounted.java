package dev.ninepin.fuse;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.mount.FuseOptions;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.testing.Python;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link MemoryFiles} that is mounted on a directory of its own, with helpers that run programs in the mount. */
final class Mounted implements AutoCloseable {
    /** The prefix of this JVM's mount point names. It is unique among JVMs that run tests at the same time. */
    static final String PREFIX = "ninepin-fuse-test-" + ProcessHandle.current().pid() + "-";

    final MemoryFiles files;
    final Path root;
    final FuseMount mount;

    Mounted() throws IOException {
        this(CacheMode.OPEN);
    }

    Mounted(final CacheMode cache) throws IOException {
        this(new MemoryFiles(cache), new FuseOptions("memory", false, false, false));
    }

    Mounted(final MemoryFiles files, final FuseOptions options) throws IOException {
        this(LibFuse.get(), files, options);
    }

    Mounted(final LibFuse fuse, final MemoryFiles files, final FuseOptions options) throws IOException {
        this.files = files;
        root = Files.createTempDirectory(PREFIX).toRealPath();
        try {
            mount = FuseMount.mount(fuse, files, root, options, MemoryFiles::errnoOf, true);
        } catch (final IOException e) {
            Files.delete(root);
            throw e;
        }
    }

    Path file(final String name) {
        return root.resolve(name);
    }

    /** Returns the fields of this mount's line in mountinfo, or none if it is not mounted. */
    List<String> mountinfo() throws IOException {
        return mountinfo(root);
    }

    static List<String> mountinfo(final Path where) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/mountinfo"), ISO_8859_1).stream()
                .map(line -> Arrays.asList(line.split(" ")))
                .filter(words -> words.get(4).equals(where.toString()))
                .findFirst()
                .orElse(List.of());
    }

    /** Starts a program in the root of the mount, without locale variables. */
    Process start(final String... command) throws IOException {
        return start(root, command);
    }

    static Process start(final Path directory, final String... command) throws IOException {
        final ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.startsWith("LANG"));
        return builder.directory(directory.toFile()).start();
    }

    /** Runs a Python script in the root of the mount, and returns its output lines. */
    List<String> python(final String... lines) throws Exception {
        final List<String> script = new ArrayList<>(List.of("import os, sys, stat, mmap"));
        script.addAll(List.of(lines));
        return run(Python.COMMAND, "-c", String.join("\n", script));
    }

    /** Runs a program in the root of the mount, requires that it succeeds, and returns its output lines. */
    List<String> run(final String... command) throws Exception {
        final Process process = start(command);
        process.getOutputStream().close();
        final String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output.lines().toList();
    }

    @Override
    public void close() throws IOException {
        mount.close();
        assertThat(mount.hasEnded()).isTrue();
        Files.delete(root);
    }
}
