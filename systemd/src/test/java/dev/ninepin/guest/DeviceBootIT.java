package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests of lines of fstab that name a device, at boot, while udev loads drivers. */
@InGuest(GuestKind.CLOUD)
class DeviceBootIT {
    @BeforeAll
    static void bootWithLinesInFstab(final Guest guest) throws Exception {
        DriverTests.share(guest.share(), "hello", "from the host\n");
        DriverTests.share(guest.second(), "hello", "on access\n");
        guest.check("mkdir /mnt/boot /mnt/access /mnt/absent");
        // Two Java programs start at once on an emulated processor, which can take longer than systemd's 90 s.
        guest.write("/etc/fstab", """
                share     /mnt/boot    ninepin  nofail,x-systemd.mount-timeout=5min  0 0
                second    /mnt/access  ninepin  nofail,noauto,x-systemd.automount    0 0
                nosuchtag /mnt/absent  ninepin  nofail,x-systemd.mount-timeout=5min  0 0
                """);
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
                : >/etc/fstab
                systemctl daemon-reload
                systemctl reset-failed
                rmdir /mnt/boot /mnt/access /mnt/absent
                ! grep fuse.ninepin /proc/self/mountinfo
                """);
    }

    @Test
    void aLineOfFstabIsMountedAtBoot(final Guest guest) throws Exception {
        assertThat(guest.check("findmnt -n -o SOURCE,FSTYPE /mnt/boot && cat /mnt/boot/hello"))
                .containsSubsequence("share", "fuse.ninepin", "from the host");
        final String micros = guest.check("systemctl show -P ActiveEnterTimestampMonotonic mnt-boot.mount");
        final String uptime = guest.check("cut -d ' ' -f 1 /proc/uptime");
        final long millisSince = (long) (Double.parseDouble(uptime) * 1000) - Long.parseLong(micros.strip()) / 1000;
        Figures.note(
                guest.kind(),
                "power-on to mounted, by fstab",
                TimeUnit.NANOSECONDS.toMillis(guest.nanosSincePowerOn()) - millisSince + " ms");
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
        assertThat(guest.check("journalctl -b -u mnt-absent.mount -o cat")).contains("nosuchtag", "second");
    }
}
