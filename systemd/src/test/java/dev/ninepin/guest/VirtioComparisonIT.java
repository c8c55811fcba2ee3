package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests like {@link ComparisonIT} over a virtio device, for differences that appear only with QEMU's answers. */
@InGuest(GuestKind.STANDARD)
class VirtioComparisonIT {
    @BeforeAll
    static void serveCommands(final Guest guest) throws Exception {
        ServedCommands.replaceProgram(guest);
    }

    @AfterEach
    void leaveNothing(final Guest guest) throws Exception {
        guest.check("""
                umount /mnt/kernel /mnt/ninepin 2>/dev/null
                modprobe -r 9p 9pnet_virtio
                rm -rf /root/by-* /mnt/kernel /mnt/ninepin
                ! grep -E ' 9p |fuse.ninepin' /proc/self/mountinfo
                """);
    }

    @Test
    void filesWithoutANameAreUsedAsThoseOfAPlainDirectory(final Guest guest) throws Exception {
        final GuestScript calls = GuestScript.put(guest, "without-name.pl");
        // The kernel's driver binds to all devices before modprobe(8) returns.
        guest.check("""
                set -e
                mkdir /root/by-hand /mnt/kernel /mnt/ninepin
                modprobe 9pnet_virtio
                mount -t 9p -o trans=virtio,version=9p2000.L share /mnt/kernel
                """);
        final String wanted = calls.run("/root/by-hand");
        assertThat(wanted).contains("removed, ftruncate: done").doesNotContain("No such");
        final String byKernel = calls.run("/mnt/kernel");
        guest.check("umount /mnt/kernel && ninepin mount share /mnt/ninepin");
        assertThat(calls.run("/mnt/ninepin")).isEqualTo(wanted);
        assertThat(guest.check("ninepin umount /mnt/ninepin; ls -A /mnt/ninepin"))
                .isEmpty();
        calls.noteDifferences("QEMU", wanted, byKernel);
    }
}
