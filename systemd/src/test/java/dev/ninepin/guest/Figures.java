package dev.ninepin.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A record of measurements for people, in {@code target/guest/KIND/figures.txt} and in the output of the tests. */
final class Figures {
    private Figures() {}

    static void note(final GuestKind kind, final String what, final String value) throws IOException {
        final String line = what + ": " + value + System.lineSeparator();
        final Path file = Guest.directory(kind).resolve("figures.txt");
        Files.writeString(file, line, Guest.TEXT, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        System.out.print("[" + kind.label() + "] " + line);
    }
}
