package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The .deb, from its installation to its removal. */
@InGuest(GuestKind.CLOUD)
class PackageIT {
    private static final String INSTALL = "cd /root && apt-get -y install ./ninepin.deb";

    @Test
    void aptInstallsIt(final Guest guest) throws Exception {
        assertThat(guest.installation().status())
                .as(guest.installation().output())
                .isZero();
        assertThat(guest.check("ninepin --version")).contains("ninepin");
        assertThat(guest.check("dpkg --verify ninepin")).isEmpty();
        assertThat(guest.check("systemd-analyze verify --man=no ninepin@share.service 2>&1"))
                .isEmpty();
        assertThat(guest.check("ls -l /sbin/mount.ninepin")).contains("ninepin");
    }

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

        guest.check("dpkg -r ninepin");
        guest.check("! grep fuse.ninepin /proc/self/mountinfo && [ -f /etc/ninepin/share.conf ]");
        assertThat(guest.run("ninepin --version").status()).isEqualTo(127);
        assertThat(guest.run("systemctl status ninepin@share").output()).doesNotContain("active (running)");

        guest.check("dpkg -P ninepin");
        assertThat(guest.check("find / -xdev -name '*ninepin*' -not -path '/root/*' -not -path '*guest-agent*'"
                        + " -not -path '/var/log/journal/*' -not -path '/var/lib/systemd/*'"))
                .isEmpty();
        guest.check(INSTALL + " && rmdir /mnt/package");
    }
}
