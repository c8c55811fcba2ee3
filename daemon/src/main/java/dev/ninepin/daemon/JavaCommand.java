package dev.ninepin.daemon;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command line of a second Java process of this program: the same Java, the same class path. */
final class JavaCommand {
    /** The first Java that warns about native access and Unsafe, and the one that knows the options against it. */
    private static final int FIRST_THAT_WARNS = 24;

    /**
     * A mount needs little heap: messages are outside of it, and what the kernel keeps of names and attributes is small
     * here. No file under /tmp for jstat, which would stay when the process is killed. Out of memory, it ends, and the
     * mount with it: an error for its users is better than a hang.
     */
    private static final List<String> FLAGS = List.of(
            "-Xms16m",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-XX:+ExitOnOutOfMemoryError",
            "-Xlog:disable");

    /** What the launcher tells us about itself and a second process needs as well. */
    private static final List<String> INHERITED = List.of("jffi.boot.library.path", "java.io.tmpdir");

    /** The class data archive to start from, if there is one. */
    private static final String ARCHIVE = "ninepin.archive";

    static List<String> of(final Class<?> mainClass, final List<String> arguments) {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(FLAGS);
        if (Runtime.version().feature() >= FIRST_THAT_WARNS) {
            command.add("--enable-native-access=ALL-UNNAMED");
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        for (final String name : INHERITED) {
            final String value = System.getProperty(name);
            if (value != null) {
                command.add("-D" + name + "=" + value);
            }
        }
        final String archive = System.getProperty(ARCHIVE);
        if (archive != null) {
            command.add("-XX:SharedArchiveFile=" + archive);
        }
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(mainClass.getName());
        command.addAll(arguments);
        return command;
    }

    private JavaCommand() {}
}
