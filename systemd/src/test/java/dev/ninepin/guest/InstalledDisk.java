package dev.ninepin.guest;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The disk on which the disks of all QEMU guests are based: the image with Ninepin's package installed. A guest in
 * user-mode Linux installs the package once, in seconds. Under software emulation, each guest would need a minute for
 * it.
 */
final class InstalledDisk {
    private static final Path DIRECTORY = Path.of("target", "guest", "installed");

    private InstalledDisk() {}

    /** Returns the disk. Makes it first if there is none of this {@code image} and {@code deb}. */
    static Path find(final Path image, final Path deb) throws IOException, InterruptedException {
        final Path directory = DIRECTORY.toAbsolutePath();
        final Path disk = directory.resolve("root.img");
        final Path madeOf = directory.resolve("made-of");
        Files.createDirectories(directory.getParent());
        // The JVMs of Surefire share the disk.
        try (FileChannel channel = FileChannel.open(
                        directory.resolveSibling("installed.lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            final String wanted = image + " " + digest(deb);
            if (!Files.exists(madeOf) || !Files.readString(madeOf).equals(wanted)) {
                Guest.empty(directory);
                install(directory, GuestDisk.copyOf(image, disk));
                Files.writeString(madeOf, wanted);
            }
            return disk;
        }
    }

    private static void install(final Path directory, final GuestDisk disk) throws IOException, InterruptedException {
        final Guest guest = Guest.bootAndInstall(directory, disk);
        try {
            guest.installation().expectSuccess();
            guest.shutDown();
        } finally {
            guest.powerOff();
        }
    }

    private static String digest(final Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (final NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
