package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Tests of upgrading and removing the .deb package. They run last, because the guest is unusable afterwards. */
@InGuest(GuestKind.CLOUD)
@Order(Integer.MAX_VALUE)
class RemovalIT {
    private static final String LEFT = "find / -xdev -name '*ninepin*' -not -path '/root/*' -not -path '*guest-agent*'"
            + " -not -path '/var/log/journal/*' -not -path '/var/lib/systemd/*'";

    private static final String NOTES = "find /var/lib/ninepin/removed -name '.ninepin-*' -not -name '*.lock'";

    @BeforeEach
    void install(final Guest guest) throws Exception {
        guest.check("[ -x /usr/bin/ninepin ] || apt-get -y install /root/ninepin.deb");
    }

    @Test
    void aMountThatIsServedKeepsItsNotesThroughThePurgeAndThenTakesThemAway(final Guest guest) throws Exception {
        guest.check("""
                mkdir -p /mnt/hand /var/lib/ninepin/removed/0123456789abcdef
                printf '0\\0' >/var/lib/ninepin/removed/0123456789abcdef/.ninepin-0123456789abcdef-1
                ninepin mount second /mnt/hand
                echo kept >/mnt/hand/open
                sleep 1000 9</mnt/hand/open >/dev/null 2>&1 &
                echo $! >/root/user
                until [ -e /proc/$!/fd/9 ]; do sleep 0.1; done
                rm /mnt/hand/open
                """);
        final Guest.Result purge = guest.run("dpkg -P ninepin");
        assertThat(purge.status()).isZero();
        assertThat(purge.errors()).contains("/mnt/hand is in use", "a mount is still served");

        // The record of a mount that was killed before is gone. The record of the file that is still open remains.
        assertThat(guest.check(NOTES).lines()).singleElement().asString().doesNotContain("0123456789abcdef-1");
        assertThat(hidden(guest)).hasSize(1);
        guest.check("[ \"$(cat /proc/$(cat /root/user)/fd/9)\" = kept ] && ls /mnt/hand");

        guest.check("kill $(cat /root/user); rm /root/user; until umount /mnt/hand; do sleep 0.2; done");
        guest.check("while pgrep -f dev.ninepin.daemon.life.Daemon; do sleep 0.2; done; rmdir /mnt/hand");
        assertThat(hidden(guest)).isEmpty();
        assertThat(guest.check(LEFT)).isEmpty();
    }

    private static List<Path> hidden(final Guest guest) throws IOException {
        try (Stream<Path> files = Files.list(guest.second())) {
            return files.filter(file -> file.getFileName().toString().startsWith(".ninepin-"))
                    .toList();
        }
    }

    @Test
    void itIsRemovedWithAMountedShareAndItsConfigurationStaysUntilThePurge(final Guest guest) throws Exception {
        DriverTests.share(guest.share(), "hello", "from the host\n");
        guest.write("/etc/ninepin/share.conf", "source=share\ndirectory=/mnt/package\n");
        guest.check("mkdir /mnt/package; systemctl start ninepin@share && grep host /mnt/package/hello");
        final String pid =
                guest.check("systemctl show -P MainPID ninepin@share").strip();

        // During an upgrade to the same version, the mount stays up and the configuration stays unchanged.
        guest.check("cd /root && apt-get -y install --reinstall ./ninepin.deb && grep host /mnt/package/hello");
        assertThat(guest.check("systemctl show -P MainPID ninepin@share").strip())
                .isEqualTo(pid);
        assertThat(guest.check("cat /etc/ninepin/share.conf")).contains("source=share");

        DriverTests.share(guest.second(), "hello", "by hand\n");
        guest.check("mkdir /mnt/hand && ninepin mount second /mnt/hand && grep hand /mnt/hand/hello");
        guest.check("dpkg -r ninepin");
        guest.check("! grep fuse.ninepin /proc/self/mountinfo && [ -f /etc/ninepin/share.conf ]");
        assertThat(guest.run("ninepin --version").status()).isEqualTo(127);
        assertThat(guest.run("systemctl status ninepin@share").output()).doesNotContain("active (running)");

        guest.check("dpkg -P ninepin");
        assertThat(guest.check(LEFT)).isEmpty();
    }
}
