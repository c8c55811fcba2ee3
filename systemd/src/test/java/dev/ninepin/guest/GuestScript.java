package dev.ninepin.guest;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A script in Perl, a resource of these tests, that makes system calls in a directory and says on each line what came of
 * them.
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

    /** Returns what the script says of {@code directory} in the guest. */
    String run(final String directory) throws IOException {
        return guest.check("perl /root/" + name + " " + directory);
    }

    /** Notes in what the kernel's 9p differs, with {@code server} behind it. */
    void noteDifferences(final String server, final String wanted, final String byKernel) throws IOException {
        final List<String> differing = new ArrayList<>(byKernel.lines().toList());
        differing.removeAll(wanted.lines().toList());
        Figures.note(guest.kind(), name + ", what v9fs does otherwise over " + server, String.join("; ", differing));
    }
}
