package dev.ninepin.documents;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;

/** Compresses the manual pages, as Debian's policy wants it, each into the directory of its section. */
public final class Compression {
    private Compression() {}

    /** The arguments are the directory where they are, and the one where those of the sections will be. */
    public static void main(final String... arguments) throws IOException {
        try (Stream<Path> all = Files.list(Path.of(arguments[0]))) {
            for (final Path page : all.toList()) {
                compress(page, Path.of(arguments[1]));
            }
        }
    }

    private static void compress(final Path page, final Path target) throws IOException {
        final String name = String.valueOf(page.getFileName());
        final List<String> parts = List.of(name.split("\\."));
        final Path section = Files.createDirectories(target.resolve("man" + parts.get(parts.size() - 1)));
        // Java notes no name and no time in it: the same page gives the same bytes.
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(section.resolve(name + ".gz")))) {
            Files.copy(page, out);
        }
    }
}
