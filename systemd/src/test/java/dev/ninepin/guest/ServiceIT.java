package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** {@code ninepin@.service}, from its start to its end, and what brings it back. */
@InGuest(GuestKind.CLOUD)
class ServiceIT {
    @AfterEach
    void leaveNothing(final Guest guest) throws Exception {
        guest.check("""
                systemctl stop 'ninepin@*'
                systemctl reset-failed
                rm -rf /etc/ninepin/*.conf /run/systemd/system/ninepin@.service.d
                systemctl daemon-reload
                systemctl stop guest-diod 2>/dev/null
                ! grep fuse.ninepin /proc/self/mountinfo
                """);
    }

    @Test
    void theWatchdogEndsAServiceWhoseServerIsStoppedForGoodAndSaysSo(final Guest guest) throws Exception {
        guest.check("""
                set -e
                mkdir -p /mnt/stopped /srv/stopped /run/systemd/system/ninepin@.service.d
                echo here >/srv/stopped/file
                printf '[Service]\\nWatchdogSec=6s\\n' >/run/systemd/system/ninepin@.service.d/short.conf
                systemctl daemon-reload
                systemd-run -q --unit guest-diod diod -f -n --no-userdb -c /dev/null -L stderr -e /srv/stopped -l /run/diod.sock
                until [ -S /run/diod.sock ]; do sleep 0.1; done
                printf 'source=unix:/run/diod.sock\\ndirectory=/mnt/stopped\\noptions=aname=/srv/stopped\\n' \\
                    >/etc/ninepin/stopped.conf
                systemctl start ninepin@stopped
                grep -q here /mnt/stopped/file
                """);
        assertThat(guest.check("systemctl show -P ActiveState,NRestarts,StatusText ninepin@stopped"))
                .contains("active");

        guest.check("systemctl kill -s STOP guest-diod");
        guest.check(untilJournal("ninepin@stopped", "Watchdog timeout"));
        assertThat(guest.check("journalctl -b -u ninepin@stopped -o cat"))
                .containsPattern("has not answered for [0-9]+ s: the watchdog is not fed");

        guest.check("systemctl kill -s CONT guest-diod");
        guest.check("until systemctl is-active ninepin@stopped && grep here /mnt/stopped/file; do sleep 0.2; done");
    }

    private static String untilJournal(final String unit, final String text) {
        return "until journalctl -b -u " + unit + " -o cat | grep -q '" + text + "'; do sleep 0.2; done";
    }
}
