package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.testing.Readme;
import dev.ninepin.testing.Readme.Block;
import dev.ninepin.testing.Readme.Language;
import dev.ninepin.testing.Readme.Place;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests of the commands of README.md that need a guest, as printed and in their order. */
@InGuest(GuestKind.CLOUD)
class ReadmeIT {
    @AfterEach
    void leaveNothing(final Guest guest) throws Exception {
        guest.check("""
                systemctl disable -q --now ninepin@share 2>/dev/null
                umount /mnt/share 2>/dev/null
                : >/etc/fstab
                systemctl daemon-reload
                systemctl reset-failed
                rm -rf /etc/ninepin/share.conf /root/systemd
                rmdir /mnt/share
                ! grep fuse.ninepin /proc/self/mountinfo
                """);
    }

    /** Returns the lines of {@code text}, with one space between their words. */
    private static List<String> words(final String text) {
        return text.lines().map(line -> line.replaceAll(" +", " ")).toList();
    }

    @Test
    void theCommandsOfAGuestWork(final Guest guest) throws Exception {
        DriverTests.share(guest.share(), "hello.txt", "Hello from the host.\n");
        guest.check("mkdir -p systemd/target && ln /root/ninepin.deb systemd/target/ninepin_0_all.deb");
        for (final Block block : Readme.blocks(Place.GUEST)) {
            if (block.language() == Language.FSTAB) {
                guest.write("/etc/fstab", String.join("\n", block.lines()) + "\n");
            }
            for (final String command : block.commands()) {
                final String output = guest.check(command);
                // The other outputs have times and sizes, which vary. This guest has one more device than README.md
                // shows.
                if (block.language() == Language.CONSOLE && command.equals("ninepin devices")) {
                    assertThat(words(output)).containsAll(words(block.outputOf(command)));
                }
            }
        }
    }
}
