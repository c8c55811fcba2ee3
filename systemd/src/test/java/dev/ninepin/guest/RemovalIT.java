package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** The .deb's upgrade and removal, from a guest that is of no use afterwards: so these are its last tests. */
@InGuest(GuestKind.CLOUD)
@Order(Integer.MAX_VALUE)
class RemovalIT {
    @Test
    void itIsRemovedWithAMountedShareAndItsConfigurationStaysUntilThePurge(final Guest guest) throws Exception {
        DriverTests.share(guest.share(), "hello", "from the host\n");
        guest.write("/etc/ninepin/share.conf", "source=share\ndirectory=/mnt/package\n");
        guest.check("mkdir /mnt/package; systemctl start ninepin@share && grep host /mnt/package/hello");
        final String pid =
                guest.check("systemctl show -P MainPID ninepin@share").strip();

        // An upgrade to the same version: the mount is served on, the configuration stays.
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
        assertThat(guest.check("find / -xdev -name '*ninepin*' -not -path '/root/*' -not -path '*guest-agent*'"
                        + " -not -path '/var/log/journal/*' -not -path '/var/lib/systemd/*'"))
                .isEmpty();
    }
}
