package dev.ninepin.os;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * The replacement of this process's program by another program (execve(2)). The process keeps its ID and some
 * descriptors.
 */
public final class OtherProgram {
    private static final int F_SETFD = 2;
    private static final int CLOSE_ON_EXEC = 1;
    private static final int FIRST_AFTER_STANDARD = 3;

    private final Path file;
    private final List<byte[]> arguments;
    private final List<byte[]> environment;

    /**
     * @param file the program
     * @param arguments the arguments, beginning with the name of the program
     * @param environment the environment variables, each {@code NAME=VALUE}
     */
    public OtherProgram(final Path file, final List<byte[]> arguments, final List<byte[]> environment) {
        this.file = file;
        this.arguments = List.copyOf(arguments);
        this.environment = List.copyOf(environment);
    }

    /**
     * Replaces this program. All other threads end at once, and no shutdown hook runs. All descriptors are closed,
     * except for the standard streams and the descriptors to keep.
     *
     * @param kept the numbers of the descriptors to keep
     * @throws IOException if the program cannot be executed; this program then goes on
     */
    public void execute(final Set<Integer> kept) throws IOException {
        final LibC libc = LibC.get();
        final Pointer path = NativeString.of(file);
        final List<Pointer> strings = new ArrayList<>();
        final Pointer vector = vector(arguments, strings);
        final Pointer variables = vector(environment, strings);
        for (final int number : descriptors()) {
            if (!kept.contains(number)) {
                libc.fcntl(number, F_SETFD, CLOSE_ON_EXEC);
            }
        }
        for (final int number : kept) {
            if (libc.fcntl(number, F_SETFD, 0) < 0) {
                throw Descriptor.failure("descriptor " + number + " cannot be kept");
            }
        }
        try {
            libc.execve(path, vector, variables);
            throw Descriptor.failure(file + " cannot be executed");
        } finally {
            kept.forEach(number -> libc.fcntl(number, F_SETFD, CLOSE_ON_EXEC));
            Reference.reachabilityFence(path);
            Reference.reachabilityFence(strings);
            Reference.reachabilityFence(vector);
            Reference.reachabilityFence(variables);
        }
    }

    private static Pointer vector(final List<byte[]> words, final List<Pointer> strings) {
        final Pointer vector = Memory.allocateDirect(Runtime.getSystemRuntime(), (words.size() + 1) * Long.BYTES, true);
        for (int i = 0; i < words.size(); i++) {
            final Pointer string = NativeString.of(words.get(i));
            strings.add(string);
            vector.putPointer((long) i * Long.BYTES, string);
        }
        return vector;
    }

    /** Returns the open descriptors of this process, without the standard streams. */
    private static List<Integer> descriptors() throws IOException {
        final List<Integer> numbers = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (final Path each : all) {
                final int number = Integer.parseInt(each.getFileName().toString());
                if (number >= FIRST_AFTER_STANDARD) {
                    numbers.add(number);
                }
            }
        }
        return numbers;
    }
}
