package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Tests of the installation of the .deb package. */
@InGuest(GuestKind.UML)
class InstallationIT {
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
}
