package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Compares Ninepin with the 9p driver of a kernel that has it: the same share and the same tree must give the same
 * result.
 */
@InGuest(GuestKind.STANDARD)
class ComparisonIT {
    /** Loads the kernel's driver, which binds every device before modprobe(8) returns. */
    private static final String BIND = "modprobe 9pnet_virtio\n";

    /** A program that works on files after their names are removed, and prints one line for each result. */
    private static final String WITHOUT_NAME = """
            perl -e '
                chdir $ARGV[0] or die;
                sub came { my ($what, $done) = @_; print "$what: ", $done ? "done" : $!, "\\n"; }
                sub content { sysseek F, 0, 0; defined sysread F, my $bytes, 100 or return "$!"; return $bytes; }
                for my $way ("removed", "renamed over") {
                    open F, "+>", "file" or die;
                    syswrite F, "old content" or die;
                    if ($way eq "removed") {
                        unlink "file" or die;
                    } else {
                        open G, ">", "other" or die;
                        rename "other", "file" or die;
                    }
                    my @stat = stat F;
                    came "$way, fstat", scalar @stat;
                    print "$way, links and size: $stat[3] $stat[7]\\n";
                    print "$way, content: ", content, "\\n";
                    sysseek F, 0, 2;
                    came "$way, write", syswrite F, " and more";
                    came "$way, ftruncate", truncate F, 12;
                    came "$way, fchmod", chmod 0600, *F;
                    came "$way, fchown", chown 1, 2, *F;
                    came "$way, futimens", utime 1, 2, *F;
                    print "$way, content: ", content, "\\n";
                    my @end = stat F;
                    printf "$way, at last: %o %s\\n", $end[2], "@end[3, 4, 5, 7, 9]";
                    close F;
                    close G;
                }
                unlink "file";
            ' "$1"
            """;

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
        // v9fs leaves s_time_gran of its super block at one second, so the kernel truncates the times that are set.
        assertThat(Tree.inWholeSeconds(Tree.onHost(guest.share().resolve("by-kernel"))))
                .isEqualTo(Tree.inWholeSeconds(wanted));
    }

    @Test
    void filesWithoutANameAreUsedAsThoseOfALocalDirectory(final Guest guest) throws Exception {
        final String wanted = guest.check("mkdir /root/by-hand; set -- /root/by-hand\n" + WITHOUT_NAME);
        assertThat(wanted).contains("removed, ftruncate: done").doesNotContain("No such");
        guest.check("set -e; mkdir /mnt/kernel /mnt/ninepin\n" + BIND
                + "mount -t 9p -o trans=virtio,version=9p2000.L share /mnt/kernel");
        final String byKernel = guest.check("set -- /mnt/kernel\n" + WITHOUT_NAME);
        guest.check("umount /mnt/kernel && ninepin mount share /mnt/ninepin");
        assertThat(guest.check("set -- /mnt/ninepin\n" + WITHOUT_NAME)).isEqualTo(wanted);
        assertThat(guest.check("ninepin umount /mnt/ninepin; ls -A /mnt/ninepin"))
                .isEmpty();
        final List<String> differing = new ArrayList<>(byKernel.lines().toList());
        differing.removeAll(wanted.lines().toList());
        Figures.note(guest.kind(), "files without a name, what v9fs does otherwise", String.join("; ", differing));
    }
}
