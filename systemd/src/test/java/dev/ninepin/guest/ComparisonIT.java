package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Ninepin beside the 9p of a kernel that has it: the same share, the same tree, the same result. */
@InGuest(GuestKind.STANDARD)
class ComparisonIT {
    /** Its driver takes every device that there is, before modprobe(8) returns. */
    private static final String BIND = "modprobe 9pnet_virtio\n";

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
    void aTreeCopiedByNinepinAndByTheKernelIsTheSame(final Guest guest) throws Exception {
        final Path tree = guest.share().resolve("tree");
        Tree.make(tree);
        final String wanted = Tree.onHost(tree);
        guest.check("mkdir /mnt/kernel /mnt/ninepin");

        guest.check("set -e\n" + BIND + """
                mount -t 9p -o trans=virtio,version=9p2000.L share /mnt/kernel
                cp -a /mnt/kernel/tree /root/by-kernel
                cp -a /root/by-kernel /mnt/kernel/by-kernel
                umount /mnt/kernel
                modprobe -r 9p 9pnet_virtio
                """);
        guest.check("""
                set -e
                ninepin mount share /mnt/ninepin
                cp -a /mnt/ninepin/tree /root/by-ninepin
                cp -a /root/by-ninepin /mnt/ninepin/by-ninepin
                ninepin umount /mnt/ninepin
                """);
        assertThat(Tree.inGuest(guest, "/root/by-kernel")).isEqualTo(wanted);
        assertThat(Tree.inGuest(guest, "/root/by-ninepin")).isEqualTo(wanted);
        assertThat(Tree.onHost(guest.share().resolve("by-ninepin"))).isEqualTo(wanted);
        // v9fs leaves its super block's s_time_gran at a second, to which the kernel cuts times that are set.
        assertThat(Tree.inWholeSeconds(Tree.onHost(guest.share().resolve("by-kernel"))))
                .isEqualTo(Tree.inWholeSeconds(wanted));
    }

    @Test
    void aDeviceThatTheKernelHoldsIsRefusedWithWhatToDo(final Guest guest) throws Exception {
        guest.check("set -e; mkdir /mnt/ninepin\n" + BIND);
        final Guest.Result mount = guest.run("ninepin mount share /mnt/ninepin");
        assertThat(mount.status()).isEqualTo(32);
        assertThat(mount.errors()).contains("9pnet_virtio", "mount -t 9p").hasLineCount(1);
        assertThat(guest.check("ninepin devices")).contains("9pnet_virtio");
    }
}
