package dev.ninepin.cli;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.life.ProcessEnd;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import picocli.CommandLine;

/**
 * A program that loads the classes that Ninepin may use, and ends. With {@code -XX:ArchiveClassesAtExit}, the JVM then
 * writes them to a class data sharing archive, which makes later starts faster. Needs neither a server nor FUSE, so
 * that it can run while a package is installed.
 */
public final class Training {
    /**
     * The jars of which a start uses most classes. The next pattern names the classes in them that are for other
     * systems or never used.
     */
    private static final Pattern JARS =
            Pattern.compile("(ninepin|picocli|logback|slf4j|jnr-ffi|jnr-fuse|jnr-x86asm|jffi|asm|HdrHistogram)"
                    + "(-[a-z-]+)?(-[0-9].*)?\\.jar");

    private static final Pattern UNUSED = Pattern.compile("META-INF/.*|.*module-info"
            + "|jnr/ffi/provider/jffi/platform/(?!x86_64/linux|aarch64/linux).*"
            + "|org/objectweb/asm/(util|tree/analysis)/.*");

    private static final String CLASS = ".class";

    private Training() {}

    /** Loads the classes. Takes no arguments. */
    public static void main(final String... arguments) {
        final ProcessEnd end = ProcessEnd.takeCharge();
        end.exitWith(() -> {
            final PrintWriter unread = new PrintWriter(Writer.nullWriter());
            train(Main.commandLine(end).setOut(unread).setErr(unread));
            return ExitCode.OK.code();
        });
    }

    private static void train(final CommandLine commands) throws IOException {
        final Path main = Path.of(System.getProperty("java.class.path", "")).toAbsolutePath();
        load(main);
        for (final Path jar : jars(main.resolveSibling("lib"))) {
            load(jar);
        }
        commands.execute("mount", "--help");
        commands.execute("status");
        // Mounting, as far as it comes without a server, also creates classes that no class file names, such as
        // lambdas.
        final Path directory = Files.createTempDirectory("ninepin");
        commands.execute("mount", "-f", "exec:true", directory.toString());
        Files.delete(directory);
    }

    private static List<Path> jars(final Path directory) throws IOException {
        final List<Path> jars = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, "*.jar")) {
            all.forEach(jars::add);
        }
        return jars;
    }

    private static void load(final Path jar) throws IOException {
        if (!JARS.matcher(String.valueOf(jar.getFileName())).matches()) {
            return;
        }
        try (JarFile file = new JarFile(jar.toFile())) {
            for (final JarEntry entry : Collections.list(file.entries())) {
                final String name = entry.getName();
                if (name.endsWith(CLASS) && !UNUSED.matcher(name).matches()) {
                    load(name.substring(0, name.length() - CLASS.length()).replace('/', '.'));
                }
            }
        }
    }

    private static void load(final String name) {
        try {
            Class.forName(name, false, Training.class.getClassLoader());
        } catch (final ClassNotFoundException | LinkageError e) {
            // Libraries contain classes whose dependencies are not installed.
        }
    }
}
