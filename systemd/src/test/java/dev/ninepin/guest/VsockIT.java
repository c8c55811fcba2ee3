package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Tests of 9P over vsock: through the loopback of the guest's kernel and socat to diod. */
@InGuest(GuestKind.UML)
class VsockIT {
    @AfterEach
    void leaveNothing(final Guest guest) throws Exception {
        guest.check("""
                umount /mnt/vsock 2>/dev/null
                systemctl stop guest-socat guest-diod 2>/dev/null
                systemctl reset-failed
                rm -rf /mnt/vsock /srv/vsock
                ! grep fuse.ninepin /proc/self/mountinfo
                """);
    }

    @TestFactory
    Stream<DynamicTest> itsContract(final Guest guest) throws Exception {
        guest.check("modprobe vsock_loopback");
        return TestsInGuest.run(guest, "dev.ninepin.channel.stream.VsockChannelInGuest");
    }

    @Test
    void aShareIsMountedOverVsock(final Guest guest) throws Exception {
        guest.check("mkdir -p /srv/vsock /mnt/vsock; modprobe vsock_loopback");
        Diod.start(guest, "/srv/vsock");
        guest.check("""
                set -e
                systemd-run -q --unit guest-socat -p Type=exec \\
                    socat VSOCK-LISTEN:9999,fork UNIX-CONNECT:%s
                until socat -u OPEN:/dev/null VSOCK-CONNECT:1:9999; do sleep 0.2; done
                ninepin mount -o aname=/srv/vsock vsock:1:9999 /mnt/vsock
                echo over vsock >/mnt/vsock/file
                ninepin umount /mnt/vsock
                """.formatted(Diod.socket()));
        assertThat(guest.check("cat /srv/vsock/file")).isEqualTo("over vsock\n");
    }

    @Test
    void aPortWhereNobodyListensIsSaid(final Guest guest) throws Exception {
        guest.check("modprobe vsock_loopback; mkdir -p /mnt/vsock");
        final Guest.Result mount = guest.run("ninepin mount vsock:1:1234 /mnt/vsock");
        assertThat(mount.status()).isEqualTo(32);
        assertThat(mount.errors()).contains("vsock:1:1234").hasLineCount(1);
    }
}
