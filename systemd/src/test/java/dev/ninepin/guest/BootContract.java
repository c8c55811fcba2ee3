package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Tests of three lines of fstab at boot: {@code /mnt/boot} is mounted at boot, {@code /mnt/access} at the first access,
 * and {@code /mnt/absent} names a tag that does not exist.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class BootContract {
    private final String source;
    private final String[] inJournal;

    /**
     * Creates the tests.
     *
     * @param source the source of {@code /mnt/boot}
     * @param inJournal the texts in the journal about {@code /mnt/absent}
     */
    BootContract(final String source, final String... inJournal) {
        this.source = source;
        this.inJournal = inJournal;
    }

    /**
     * Makes the shares, and returns the lines of fstab. The file {@code hello} has the line "at boot" in the share of
     * {@code /mnt/boot}, and "on access" in the share of {@code /mnt/access}.
     */
    abstract String makeShares(Guest guest) throws Exception;

    /** Removes what {@link #makeShares} has made in the guest, after the unmounts. */
    void removeShares(final Guest guest) throws Exception {}

    @BeforeAll
    void bootWithLinesInFstab(final Guest guest) throws Exception {
        guest.check("mkdir /mnt/boot /mnt/access /mnt/absent");
        guest.write("/etc/fstab", makeShares(guest));
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
    void leaveNothing(final Guest guest) throws Exception {
        guest.check("""
                systemctl stop mnt-access.automount
                umount /mnt/boot /mnt/access 2>/dev/null
                : >/etc/fstab
                """);
        removeShares(guest);
        guest.check("""
                systemctl daemon-reload
                systemctl reset-failed
                rmdir /mnt/boot /mnt/access /mnt/absent
                ! grep fuse.ninepin /proc/self/mountinfo
                """);
    }

    @Test
    void aLineOfFstabIsMountedAtBoot(final Guest guest) throws Exception {
        assertThat(guest.check("findmnt -n -o SOURCE,FSTYPE /mnt/boot && cat /mnt/boot/hello"))
                .containsSubsequence(source, "fuse.ninepin", "at boot");
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
        assertThat(guest.check("journalctl -b -u mnt-absent.mount -o cat")).contains(inJournal);
    }
}
