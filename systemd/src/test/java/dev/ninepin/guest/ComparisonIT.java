package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests of Ninepin and of the kernel's own 9p on one kernel. Both mount the export of one diod. A plain directory shows
 * the correct results.
 */
@InGuest(GuestKind.UML)
class ComparisonIT {
    @BeforeAll
    static void mountBoth(final Guest guest) throws Exception {
        guest.check("mkdir -p /srv/comparison /mnt/kernel /mnt/ninepin");
        Diod.start(guest, "/srv/comparison");
        guest.check("""
                set -e
                mount -t 9p -o trans=unix,version=9p2000.L,uname=root,access=any,cache=none,aname=/srv/comparison \\
                    %s /mnt/kernel
                ninepin mount -o cache=none,aname=/srv/comparison %s /mnt/ninepin
                """.formatted(Diod.socket(), Diod.SOURCE));
    }

    @AfterEach
    void emptyTheShare(final Guest guest) throws Exception {
        guest.check("rm -rf /root/by-* /srv/comparison/*");
    }

    @AfterAll
    static void leaveNothing(final Guest guest) throws Exception {
        guest.check("""
                umount /mnt/kernel /mnt/ninepin
                systemctl stop guest-diod
                modprobe -r 9p
                rm -rf /srv/comparison /mnt/kernel /mnt/ninepin
                ! grep -E ' 9p |fuse.ninepin' /proc/self/mountinfo
                """);
    }

    @Test
    void aTreeCopiedByNinepinAndByTheKernelIsTheSame(final Guest guest) throws Exception {
        final Path tree = guest.share().resolve("tree-comparison");
        Tree.make(tree);
        final String wanted = Tree.onHost(tree);
        Tree.put(guest, tree, "/srv/comparison/tree");
        for (final String client : new String[] {"kernel", "ninepin"}) {
            guest.check("""
                    set -e
                    cp -a /mnt/%1$s/tree /root/by-%1$s
                    cp -a /root/by-%1$s /mnt/%1$s/by-%1$s
                    """.formatted(client));
            assertThat(Tree.inGuest(guest, "/root/by-" + client)).as(client).isEqualTo(wanted);
        }
        assertThat(Tree.inGuest(guest, "/srv/comparison/by-ninepin")).isEqualTo(wanted);
        // v9fs keeps the s_time_gran of its super block at one second, so the kernel truncates times that are set.
        assertThat(Tree.inWholeSeconds(Tree.inGuest(guest, "/srv/comparison/by-kernel")))
                .isEqualTo(Tree.inWholeSeconds(wanted));
    }

    @ParameterizedTest
    @ValueSource(strings = {"calls.pl", "without-name.pl"})
    void eachCallEndsAsInAPlainDirectory(final String script, final Guest guest) throws Exception {
        final GuestScript calls = GuestScript.put(guest, script);
        guest.check("mkdir /root/by-hand /srv/comparison/kernel /srv/comparison/ninepin");
        final String wanted = calls.run("/root/by-hand");
        final String byKernel = calls.run("/mnt/kernel/kernel");
        assertThat(calls.run("/mnt/ninepin/ninepin")).isEqualTo(wanted);
        calls.noteDifferences("diod", wanted, byKernel);
    }
}
