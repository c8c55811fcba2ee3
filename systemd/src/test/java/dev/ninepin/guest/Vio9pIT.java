package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Tests of illumos's vio9p device, which a CUSE device in the guest simulates, with diod as the server. */
@InGuest(GuestKind.UML)
class Vio9pIT {
    @AfterEach
    void leaveNothing(final Guest guest) throws Exception {
        guest.check("""
                umount /mnt/vio9p 2>/dev/null
                systemctl stop guest-vio9p guest-diod 2>/dev/null
                systemctl reset-failed
                rm -rf /mnt/vio9p /mnt/other /srv/vio9p /root/copy
                ! grep fuse.ninepin /proc/self/mountinfo
                """);
    }

    @TestFactory
    Stream<DynamicTest> itsContract(final Guest guest) throws Exception {
        guest.check("modprobe cuse");
        return TestsInGuest.run(
                guest, "dev.ninepin.channel.vio9p.CuseVio9pInGuest", "dev.ninepin.channel.vio9p.CuseChannelInGuest");
    }

    @Test
    void aTreeIsCopiedBothWaysAndNobodyElseGetsTheDevice(final Guest guest) throws Exception {
        final Path tree = guest.share().resolve("tree-vio9p");
        Tree.make(tree);
        final String wanted = Tree.onHost(tree);
        Tree.put(guest, tree, "/srv/vio9p/tree");
        startDevice(guest);

        guest.check("mkdir -p /mnt/vio9p; ninepin mount -o aname=/srv/vio9p vio9p:/dev/9p/0 /mnt/vio9p");
        final JsonObject status = DriverTests.status(guest, "/mnt/vio9p");
        assertThat(status.getAsJsonObject("protocol").get("msize").getAsInt()).isEqualTo(8192);
        assertThat(status.getAsJsonObject("channel").toString()).contains("hostshare");

        final Guest.Result second = guest.run("mkdir -p /mnt/other; ninepin mount vio9p:/dev/9p/0 /mnt/other");
        assertThat(second.status()).isEqualTo(32);
        assertThat(second.errors()).contains("another process has it open").hasLineCount(1);

        guest.check("cp -a /mnt/vio9p/tree /root/copy && cp -a /root/copy /mnt/vio9p/back");
        assertThat(Tree.inGuest(guest, "/root/copy")).isEqualTo(wanted);
        assertThat(Tree.inGuest(guest, "/srv/vio9p/back")).isEqualTo(wanted);
        guest.check("ninepin umount /mnt/vio9p");
    }

    private static void startDevice(final Guest guest) throws Exception {
        TestsInGuest.install(guest);
        Diod.start(guest, "/srv/vio9p");
        guest.check("""
                set -e
                modprobe cuse
                systemd-run -q --unit guest-vio9p -p WorkingDirectory=%s sh -c 'sleep infinity |
                    exec java -cp "*" dev.ninepin.testing.CuseProgram 9p/0 hostshare %s'
                until [ -c /dev/9p/0 ]; do sleep 0.2; done
                """.formatted(TestsInGuest.DIRECTORY, Diod.socket()));
    }
}
