package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests of mount(8), umount(8) and autofs with the file system type {@code ninepin}. */
@InGuest(GuestKind.UML)
class MountIT {
    private static final String OPTIONS = "aname=/srv/helper";

    @BeforeEach
    void makeShare(final Guest guest) throws Exception {
        guest.check("mkdir /mnt/helper /srv/helper && echo from diod >/srv/helper/hello");
    }

    @AfterEach
    void leaveNothing(final Guest guest) throws Exception {
        guest.check("""
                systemctl stop guest-automount 2>/dev/null
                umount /mnt/helper 2>/dev/null
                systemctl stop guest-diod 2>/dev/null
                rm -rf /etc/auto.guest /srv/helper
                rmdir /mnt/helper
                ! grep fuse.ninepin /proc/self/mountinfo
                """);
    }

    @Test
    void mountAndUmountKnowTheType(final Guest guest) throws Exception {
        Diod.start(guest, "/srv/helper");
        guest.check("mount -t ninepin " + Diod.SOURCE + " /mnt/helper -o ro,nofail,_netdev," + OPTIONS);
        assertThat(guest.check("cat /mnt/helper/hello")).isEqualTo("from diod\n");
        assertThat(guest.run("touch /mnt/helper/new").errors()).contains("Read-only file system");
        guest.check("umount /mnt/helper");
        guest.check("mount -t fuse.ninepin " + Diod.SOURCE + " /mnt/helper -o " + OPTIONS + " && umount /mnt/helper");
    }

    @Test
    void aFailureIsMountsOwn(final Guest guest) throws Exception {
        for (final String source : List.of("nosuchtag", "unix:/run/nosuchsocket")) {
            final Guest.Result mount = guest.run("mount -t ninepin " + source + " /mnt/helper");
            assertThat(mount.status()).isEqualTo(32);
            assertThat(mount.errors()).contains(source.replace("unix:", ""));
        }
        assertThat(guest.run("mount -t ninepin share /mnt/helper -o nosuchoption")
                        .status())
                .isEqualTo(1);
    }

    /** mount(8) runs its helpers without privileges for a user. So the share is behind a socket, not a device. */
    @Test
    void aUserMountsWhatALineOfFstabLetsUsersMount(final Guest guest) throws Exception {
        guest.check("""
                set -e
                useradd -m -s /bin/sh tester
                mkdir /home/tester/share
                echo mine >/home/tester/share/hello
                mkdir /home/tester/mnt
                chown -R tester: /home/tester
                echo '%s /home/tester/mnt ninepin user,noauto,aname=/home/tester/share 0 0' >/etc/fstab
                """.formatted(Diod.SOURCE));
        Diod.start(guest, "/home/tester/share");
        guest.check("chmod a+rw " + Diod.socket());
        try {
            guest.check(
                    "su tester -c 'mount /home/tester/mnt && cat /home/tester/mnt/hello && touch /home/tester/mnt/new'");
            assertThat(guest.check("stat -c %U /home/tester/share/new")).isEqualTo("tester\n");
            assertThat(guest.check("findmnt -n -o OPTIONS /home/tester/mnt")).contains("nosuid", "nodev", "noexec");
            guest.check("su tester -c 'umount /home/tester/mnt'");
            guest.check("! grep fuse.ninepin /proc/self/mountinfo");
        } finally {
            // umount(8) does not wait for the daemon, and userdel(8) does not remove a user who has processes.
            guest.run("""
                    umount /home/tester/mnt
                    : >/etc/fstab
                    for i in $(seq 300); do
                        [ -n "$(find /proc -maxdepth 1 -user tester)" ] || break
                        sleep 0.2
                    done
                    systemctl stop guest-diod
                    userdel -r tester
                    rm -rf /tmp/ninepin-*
                    """);
        }
    }

    @Test
    void autofsMountsAtTheFirstAccess(final Guest guest) throws Exception {
        Diod.start(guest, "/srv/helper");
        guest.write("/etc/auto.guest", "/mnt/helper/auto -fstype=ninepin,ro," + OPTIONS + " :" + Diod.SOURCE + "\n");
        guest.check("""
                printf '/- /etc/auto.guest\\n' >/etc/auto.master.d/guest.autofs
                systemd-run -q --unit guest-automount automount -f
                until grep -q ' /mnt/helper/auto autofs' /proc/mounts; do sleep 0.2; done
                cat /mnt/helper/auto/hello
                umount /mnt/helper/auto
                systemctl stop guest-automount
                rm /etc/auto.master.d/guest.autofs
                """);
    }
}
