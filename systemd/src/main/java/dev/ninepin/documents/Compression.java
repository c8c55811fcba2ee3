package dev.ninepin.documents;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/** Compresses manual pages, each into the directory of its section, and other files, as Debian's policy requires. */
public final class Compression {
    /** The offset of the extra flags in gzip's header, and their value for the best compression (RFC 1952). */
    private static final int EXTRA_FLAGS = 8;

    private static final byte MAXIMUM_COMPRESSION = 2;

    private Compression() {}

    /**
     * Compresses all files.
     *
     * @param arguments the directory of the manual pages; the directory for the compressed ones; other files, each
     *     compressed beside itself
     */
    public static void main(final String... arguments) throws IOException {
        try (Stream<Path> all = Files.list(Path.of(arguments[0]))) {
            for (final Path page : all.toList()) {
                compress(page, Path.of(arguments[1]));
            }
        }
        for (final String file : Arrays.asList(arguments).subList(2, arguments.length)) {
            Files.write(Path.of(file + ".gz"), compressed(Files.readAllBytes(Path.of(file))));
        }
    }

    private static void compress(final Path page, final Path target) throws IOException {
        final String name = String.valueOf(page.getFileName());
        final List<String> parts = List.of(name.split("\\."));
        final Path section = Files.createDirectories(target.resolve("man" + parts.get(parts.size() - 1)));
        Files.write(section.resolve(name + ".gz"), compressed(Files.readAllBytes(page)));
    }

    /** Compresses as gzip -9n does: without name and time, so that the same page gives the same bytes. */
    private static byte[] compressed(final byte[] page) throws IOException {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new BestCompression(bytes)) {
            out.write(page);
        }
        final byte[] result = bytes.toByteArray();
        result[EXTRA_FLAGS] = MAXIMUM_COMPRESSION;
        return result;
    }

    private static final class BestCompression extends GZIPOutputStream {
        BestCompression(final OutputStream out) throws IOException {
            super(out);
            def.setLevel(Deflater.BEST_COMPRESSION);
        }
    }
}
