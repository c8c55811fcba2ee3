package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** Tests of the upgrade and removal of the .deb package. They run last, because the guest then lacks the package. */
@InGuest(GuestKind.UML)
@Order(Integer.MAX_VALUE)
class RemovalIT {
    private static final String LEFT =
            "find / -xdev -name '*ninepin*' -not -path '/root/*' -not -path '*/ninepin-guest-*'"
                    + " -not -path '/var/log/journal/*' -not -path '/var/lib/systemd/*'";

    /** The command that lists the hidden files on the server. */
    private static final String HIDDEN = "find /srv/hand -name '.ninepin-*'";

    private static final String NOTES = "find /var/lib/ninepin/removed -name '.ninepin-*' -not -name '*.lock'";

    @BeforeEach
    void install(final Guest guest) throws Exception {
        guest.check("[ -x /usr/bin/ninepin ] || apt-get -y install /root/ninepin.deb");
        guest.check("mkdir /srv/package /srv/hand");
        Diod.start(guest, "/srv/package", "/srv/hand");
    }

    @AfterEach
    void leaveNothing(final Guest guest) throws Exception {
        guest.check("systemctl stop guest-diod; rm -r /srv/package /srv/hand");
    }

    @Test
    void aMountThatIsServedKeepsItsNotesThroughThePurgeAndThenTakesThemAway(final Guest guest) throws Exception {
        guest.check("""
                mkdir -p /mnt/hand /var/lib/ninepin/removed/0123456789abcdef
                printf '0\\0' >/var/lib/ninepin/removed/0123456789abcdef/.ninepin-0123456789abcdef-1
                ninepin mount -o aname=/srv/hand %s /mnt/hand
                echo kept >/mnt/hand/open
                sleep 1000 9</mnt/hand/open >/dev/null 2>&1 &
                echo $! >/root/user
                until [ -e /proc/$!/fd/9 ]; do sleep 0.1; done
                rm /mnt/hand/open
                """.formatted(Diod.SOURCE));
        final Guest.Result purge = guest.run("dpkg -P ninepin");
        assertThat(purge.status()).isZero();
        assertThat(purge.errors()).contains("/mnt/hand is in use", "a mount is still served");

        // The note of an earlier, killed mount is gone. The note of the file that is open here remains.
        assertThat(guest.check(NOTES).lines()).singleElement().asString().doesNotContain("0123456789abcdef-1");
        assertThat(guest.check(HIDDEN)).hasLineCount(1);
        guest.check("[ \"$(cat /proc/$(cat /root/user)/fd/9)\" = kept ] && ls /mnt/hand");

        guest.check("kill $(cat /root/user); rm /root/user; until umount /mnt/hand; do sleep 0.2; done");
        guest.check("while pgrep -f dev.ninepin.cli.Main; do sleep 0.2; done; rmdir /mnt/hand");
        assertThat(guest.check(HIDDEN)).isEmpty();
        assertThat(guest.check(LEFT)).isEmpty();
    }

    @Test
    void itIsRemovedWithAMountedShareAndItsConfigurationStaysUntilThePurge(final Guest guest) throws Exception {
        guest.check("mkdir /mnt/package /mnt/hand && echo served >/srv/package/hello && echo by hand >/srv/hand/hello");
        guest.write(
                "/etc/ninepin/share.conf",
                "source=" + Diod.SOURCE + "\ndirectory=/mnt/package\noptions=aname=/srv/package\n");
        guest.check("systemctl start ninepin@share && grep served /mnt/package/hello");
        final String pid =
                guest.check("systemctl show -P MainPID ninepin@share").strip();

        // After an upgrade to the same version, the daemon continues to serve the mount, and the configuration remains.
        guest.check("cd /root && apt-get -y install --reinstall ./ninepin.deb && grep served /mnt/package/hello");
        assertThat(guest.check("systemctl show -P MainPID ninepin@share").strip())
                .isEqualTo(pid);
        assertThat(guest.check("cat /etc/ninepin/share.conf")).contains("source=" + Diod.SOURCE);

        guest.check("ninepin mount -o aname=/srv/hand " + Diod.SOURCE + " /mnt/hand && grep hand /mnt/hand/hello");
        guest.check("dpkg -r ninepin");
        guest.check("! grep fuse.ninepin /proc/self/mountinfo && [ -f /etc/ninepin/share.conf ]");
        assertThat(guest.run("ninepin --version").status()).isEqualTo(127);
        assertThat(guest.run("systemctl status ninepin@share").output()).doesNotContain("active (running)");

        guest.check("dpkg -P ninepin");
        assertThat(guest.check(LEFT)).isEmpty();
    }
}
