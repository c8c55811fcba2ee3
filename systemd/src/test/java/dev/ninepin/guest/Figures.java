package dev.ninepin.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What was measured on the way, for people: in {@code target/guest/figures.txt}, and in the build's output. */
final class Figures {
    private static final Path FILE = Path.of("target", "guest", "figures.txt");

    private Figures() {}

    static void note(final GuestKind kind, final String what, final String value) throws IOException {
        final String line = kind.label() + ": " + what + ": " + value + System.lineSeparator();
        Files.writeString(FILE, line, Guest.TEXT, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        System.out.print("[guest] " + line);
    }
}
