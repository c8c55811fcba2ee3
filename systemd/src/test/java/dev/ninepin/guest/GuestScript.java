package dev.ninepin.guest;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A Perl script, from the resources of these tests, that makes system calls in a directory and prints one result per
 * line.
 */
final class GuestScript {
    private final Guest guest;
    private final String name;

    private GuestScript(final Guest guest, final String name) {
        this.guest = guest;
        this.name = name;
    }

    /** Copies the script {@code name} into the guest. */
    static GuestScript put(final Guest guest, final String name) throws IOException {
        try (InputStream script = Objects.requireNonNull(GuestScript.class.getResourceAsStream(name), name)) {
            guest.write("/root/" + name, new String(script.readAllBytes(), Guest.TEXT));
        }
        return new GuestScript(guest, name);
    }

    /** Runs the script in {@code directory} of the guest, and returns its output. */
    String run(final String directory) throws IOException {
        return guest.check("perl /root/" + name + " " + directory);
    }

    /** Records the results of the kernel's 9p, with {@code server}, that differ from {@code wanted}. */
    void noteDifferences(final String server, final String wanted, final String byKernel) throws IOException {
        final List<String> differing = new ArrayList<>(byKernel.lines().toList());
        differing.removeAll(wanted.lines().toList());
        Figures.note(guest.kind(), name + ", what v9fs does otherwise over " + server, String.join("; ", differing));
    }
}
