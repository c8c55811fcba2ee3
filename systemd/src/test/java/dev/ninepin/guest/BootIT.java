package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests of lines of fstab at boot, with a server that a unit of the guest starts. */
@InGuest(GuestKind.UML)
class BootIT {
    @BeforeAll
    static void bootWithLinesInFstab(final Guest guest) throws Exception {
        guest.check("""
                set -e
                mkdir /mnt/boot /mnt/access /mnt/absent /srv/boot /srv/access
                echo at boot >/srv/boot/hello
                echo on access >/srv/access/hello
                """);
        guest.write("/etc/systemd/system/guest-server.service", """
                [Service]
                ExecStart=%s
                ExecStartPost=sh -c 'until [ -S %s ]; do sleep 0.1; done'
                """.formatted(
                        Diod.command("/srv/boot", "/srv/access"), Diod.socket()));
        final String needed = "nofail,_netdev,x-systemd.requires=guest-server.service,aname=";
        guest.write("/etc/fstab", """
                %1$s       /mnt/boot    ninepin  %2$s/srv/boot                              0 0
                %1$s       /mnt/access  ninepin  %2$s/srv/access,noauto,x-systemd.automount 0 0
                nosuchtag  /mnt/absent  ninepin  nofail                                     0 0
                """.formatted(Diod.SOURCE, needed));
        final long begin = System.nanoTime();
        guest.restart();
        Figures.note(
                guest.kind(),
                "shutdown, and power on to the agent's first word",
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin) + " ms");
        // The status is 1, for "degraded", because the mount of the absent share has failed.
        guest.run("systemctl is-system-running --wait");
    }

    @AfterAll
    static void leaveNothing(final Guest guest) throws Exception {
        guest.check("""
                systemctl stop mnt-access.automount
                umount /mnt/boot /mnt/access 2>/dev/null
                systemctl stop guest-server
                : >/etc/fstab
                rm -r /etc/systemd/system/guest-server.service /srv/boot /srv/access
                systemctl daemon-reload
                systemctl reset-failed
                rmdir /mnt/boot /mnt/access /mnt/absent
                ! grep fuse.ninepin /proc/self/mountinfo
                """);
    }

    @Test
    void aLineOfFstabIsMountedAtBoot(final Guest guest) throws Exception {
        assertThat(guest.check("findmnt -n -o SOURCE,FSTYPE /mnt/boot && cat /mnt/boot/hello"))
                .containsSubsequence(Diod.SOURCE, "fuse.ninepin", "at boot");
        final String micros = guest.check("systemctl show -P ActiveEnterTimestampMonotonic mnt-boot.mount");
        Figures.note(
                guest.kind(),
                "the kernel's start to mounted, by fstab",
                TimeUnit.MICROSECONDS.toMillis(Long.parseLong(micros.strip())) + " ms");
    }

    @Test
    void anAutomountMountsAtTheFirstAccess(final Guest guest) throws Exception {
        assertThat(guest.run("systemctl is-active mnt-access.automount mnt-access.mount")
                        .output())
                .isEqualTo("active\ninactive\n");
        assertThat(guest.check("cat /mnt/access/hello")).isEqualTo("on access\n");
        assertThat(guest.check("systemctl is-active mnt-access.mount")).isEqualTo("active\n");
    }

    @Test
    void aTagThatIsNotThereDoesNotHoldTheBoot(final Guest guest) throws Exception {
        assertThat(guest.check("systemctl is-active multi-user.target")).isEqualTo("active\n");
        assertThat(guest.run("systemctl is-failed mnt-absent.mount").output()).isEqualTo("failed\n");
        assertThat(guest.check("journalctl -b -u mnt-absent.mount -o cat")).contains("nosuchtag");
    }
}
