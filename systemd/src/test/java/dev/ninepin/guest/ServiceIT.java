package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests of the start, end and restart of {@code ninepin@.service}. */
@InGuest(GuestKind.UML)
class ServiceIT {
    @AfterEach
    void leaveNothing(final Guest guest) throws Exception {
        guest.check("""
                systemctl stop 'ninepin@*'
                systemctl reset-failed
                rm -rf /etc/ninepin/*.conf /run/systemd/system/ninepin@.service.d
                systemctl daemon-reload
                systemctl stop guest-diod 2>/dev/null
                rm -rf /srv/service /srv/stopped
                ! grep fuse.ninepin /proc/self/mountinfo
                """);
    }

    @Test
    void aServiceIsActiveOnceMountedAndUnmountedWhenStopped(final Guest guest) throws Exception {
        configure(guest);
        guest.check("systemctl start ninepin@share && grep -q here /mnt/service/hello");
        assertThat(guest.check("systemctl is-active ninepin@share")).isEqualTo("active\n");
        assertThat(guest.check("systemctl show -P StatusText ninepin@share")).contains(Diod.SOURCE, "/mnt/service");
        assertThat(guest.check("journalctl -b -u ninepin@share -o json | tail -n 1"))
                .contains("\"PRIORITY\":\"6\"");

        guest.check("systemctl stop ninepin@share");
        assertThat(guest.run("systemctl is-active ninepin@share").output()).isEqualTo("inactive\n");
        guest.check("! grep fuse.ninepin /proc/self/mountinfo");
    }

    @Test
    void aServiceWhoseMountFailsIsNeverActive(final Guest guest) throws Exception {
        guest.write("/etc/ninepin/share.conf", "source=nosuchtag\ndirectory=/mnt/service\n");
        guest.check("mkdir -p /mnt/service");
        assertThat(guest.run("systemctl start ninepin@share").status()).isNotZero();
        assertThat(guest.check("journalctl -b -u ninepin@share -o cat")).contains("nosuchtag");
    }

    @Test
    void aMistakeInTheConfigurationIsNotTriedAgain(final Guest guest) throws Exception {
        guest.write("/etc/ninepin/share.conf", "source=share\ndirectry=/mnt/service\n");
        assertThat(guest.run("systemctl start ninepin@share").status()).isNotZero();
        assertThat(guest.check("systemctl show -P ActiveState,NRestarts ninepin@share"))
                .isEqualTo("0\nfailed\n");
        assertThat(guest.check("journalctl -b -u ninepin@share -o cat")).contains("did you mean directory?");
    }

    @Test
    void aKilledDaemonComesBackWithAWorkingMount(final Guest guest) throws Exception {
        configure(guest);
        guest.check("systemctl start ninepin@share && grep -q here /mnt/service/hello");
        final String pid =
                guest.check("systemctl show -P MainPID ninepin@share").strip();
        guest.check("kill -9 " + pid);
        guest.check("until [ \"$(systemctl show -P NRestarts ninepin@share)\" = 1 ] &&"
                + " systemctl -q is-active ninepin@share; do sleep 0.5; done; grep here /mnt/service/hello");
        assertThat(guest.check("systemctl show -P MainPID ninepin@share").strip())
                .isNotEqualTo(pid);
        assertThat(guest.check("grep -c fuse.ninepin /proc/self/mountinfo")).isEqualTo("1\n");
    }

    @Test
    void theWatchdogEndsAServiceWhoseServerIsStoppedForGoodAndSaysSo(final Guest guest) throws Exception {
        guest.check("""
                set -e
                mkdir -p /mnt/stopped /srv/stopped /run/systemd/system/ninepin@.service.d
                echo here >/srv/stopped/file
                printf '[Service]\\nWatchdogSec=6s\\n' >/run/systemd/system/ninepin@.service.d/short.conf
                systemctl daemon-reload
                """);
        Diod.start(guest, "/srv/stopped");
        guest.write(
                "/etc/ninepin/stopped.conf",
                configuration("/mnt/stopped", "/srv/stopped") + "options=timeout=0,aname=/srv/stopped\n");
        guest.check("systemctl start ninepin@stopped && grep -q here /mnt/stopped/file");
        assertThat(guest.check("systemctl show -P ActiveState,NRestarts,StatusText ninepin@stopped"))
                .contains("active");

        guest.check("systemctl kill -s STOP guest-diod");
        guest.check(untilJournal("ninepin@stopped", "Watchdog timeout"));
        assertThat(guest.check("journalctl -b -u ninepin@stopped -o cat"))
                .containsPattern("has not answered for [0-9]+ s; systemd ends this service");

        guest.check("systemctl kill -s CONT guest-diod");
        guest.check("until systemctl is-active ninepin@stopped && grep here /mnt/stopped/file; do sleep 0.5; done");
    }

    private static void configure(final Guest guest) throws Exception {
        guest.check("mkdir -p /mnt/service /srv/service && echo here >/srv/service/hello");
        Diod.start(guest, "/srv/service");
        guest.write("/etc/ninepin/share.conf", configuration("/mnt/service", "/srv/service"));
    }

    private static String configuration(final String directory, final String tree) {
        return "source=" + Diod.SOURCE + "\ndirectory=" + directory + "\noptions=aname=" + tree + "\n";
    }

    private static String untilJournal(final String unit, final String text) {
        return "until journalctl -b -u " + unit + " -o cat | grep -q '" + text + "'; do sleep 0.5; done";
    }
}
