package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Random;

/** A tree of files to copy, and the comparison of two copies on the host or in the guest. */
final class Tree {
    /**
     * Lists everything that a copy preserves: types, modes, link counts, sizes, times in nanoseconds, link targets, and
     * the contents of files.
     */
    private static final String MANIFEST = """
            cd "$1" || exit
            find . -type d -printf 'd %p %m %T@\\n' -o -type f -printf 'f %p %m %n %s %T@\\n' -o -printf '%y %p -> %l\\n' |
                LC_ALL=C sort
            find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
            """;

    private static final int DIRECTORIES = 6;
    private static final int FILES_EACH = 7;
    private static final int BIG = 3 << 20;

    private Tree() {}

    /** Creates a tree, which is the same each time. */
    static void make(final Path root) throws IOException {
        final Random random = new Random(9);
        final Instant time = Instant.parse("2024-02-29T12:34:56.123456789Z");
        Path directory = Files.createDirectories(root);
        for (int i = 0; i < DIRECTORIES; i++) {
            directory = Files.createDirectory((i % 4 == 0 ? root : directory).resolve("dir " + i));
            for (int j = 0; j < FILES_EACH; j++) {
                final byte[] content = new byte[random.nextInt(j == 0 ? 1 : 1 << (2 * j + 6))];
                random.nextBytes(content);
                final Path file = Files.write(directory.resolve("file-" + j), content);
                Files.setPosixFilePermissions(
                        file, PosixFilePermissions.fromString(j % 2 == 0 ? "rw-r-----" : "rwx--x--x"));
                Files.setLastModifiedTime(file, FileTime.from(time.plusNanos(1000L * i + j)));
            }
            Files.createSymbolicLink(directory.resolve("link"), Path.of("file-1"));
            Files.createSymbolicLink(directory.resolve("dangling"), Path.of("/nowhere/zu Ö"));
        }
        final byte[] big = new byte[BIG];
        random.nextBytes(big);
        Files.write(root.resolve("Übergröße-日本語"), big);
        Files.write(root.resolve("-n \"quoted\" $name"), new byte[] {1});
        Files.createLink(root.resolve("second-name"), root.resolve("dir 0/file-3"));
        Files.createDirectory(root.resolve("empty"));
    }

    /** Copies the host's directory {@code root} to {@code to} in the guest, without using a share. */
    static void put(final Guest guest, final Path root, final String to) throws IOException, InterruptedException {
        final Process tar = new ProcessBuilder("tar", "-c", "--format=pax", "-C", root.toString(), ".")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        final byte[] archive = tar.getInputStream().readAllBytes();
        assertThat(tar.waitFor()).as("tar of %s", root).isZero();
        guest.run("mkdir -p '" + to + "' && tar -x -p -C '" + to + "'", archive).expectSuccess();
    }

    /** Returns the manifest of the host's directory {@code root}. */
    static String onHost(final Path root) throws IOException, InterruptedException {
        final Process sh = new ProcessBuilder(List.of("sh", "-c", MANIFEST, "sh", root.toString()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        final String manifest = new String(sh.getInputStream().readAllBytes(), Guest.TEXT);
        assertThat(sh.waitFor()).as("the manifest of %s", root).isZero();
        assertThat(manifest).contains("second-name", "dangling");
        return manifest;
    }

    /** Returns {@code manifest} without fractions of seconds. */
    static String inWholeSeconds(final String manifest) {
        return manifest.replaceAll("(?m)^([df] .*)\\.[0-9]{10}$", "$1");
    }

    /** Returns the manifest of the guest's directory {@code root}. */
    static String inGuest(final Guest guest, final String root) throws IOException {
        return guest.check("set -- '" + root + "'\n" + MANIFEST);
    }
}
