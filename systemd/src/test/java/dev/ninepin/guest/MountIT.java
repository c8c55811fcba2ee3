package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests of mount(8), umount(8) and autofs with the file system type {@code ninepin}. */
@InGuest(GuestKind.CLOUD)
class MountIT {
    @BeforeEach
    void makeShare(final Guest guest) throws Exception {
        DriverTests.share(guest.share(), "hello", "from the host\n");
        guest.check("mkdir /mnt/helper");
    }

    @AfterEach
    void leaveNothing(final Guest guest) throws Exception {
        guest.check("""
                systemctl stop guest-automount 2>/dev/null
                umount /mnt/helper 2>/dev/null
                rm -f /etc/auto.guest
                rmdir /mnt/helper
                ! grep fuse.ninepin /proc/self/mountinfo
                """);
    }

    @Test
    void mountAndUmountKnowTheType(final Guest guest) throws Exception {
        guest.check("mount -t ninepin share /mnt/helper -o ro,nofail,_netdev");
        assertThat(guest.check("cat /mnt/helper/hello")).isEqualTo("from the host\n");
        assertThat(guest.run("touch /mnt/helper/new").errors()).contains("Read-only file system");
        guest.check("umount /mnt/helper");
        // The daemon ends with its mount and then returns its device to the kernel.
        guest.check("mount -t fuse.ninepin virtio:" + GuestKind.SHARE_ADDRESS + " /mnt/helper && umount /mnt/helper");
    }

    @Test
    void aFailureIsMountsOwn(final Guest guest) throws Exception {
        final Guest.Result mount = guest.run("mount -t ninepin nosuchtag /mnt/helper");
        assertThat(mount.status()).isEqualTo(32);
        assertThat(mount.errors()).contains("nosuchtag", "share");
        assertThat(guest.run("mount -t ninepin share /mnt/helper -o nosuchoption")
                        .status())
                .isEqualTo(1);
    }

    /** mount(8) runs helpers for users without privileges. The mount therefore uses a socket, and fusermount. */
    @Test
    void aUserMountsWhatALineOfFstabLetsUsersMount(final Guest guest) throws Exception {
        guest.check("""
                set -e
                useradd -m -s /bin/sh tester
                mkdir /home/tester/share
                echo mine >/home/tester/share/hello
                mkdir /home/tester/mnt
                chown -R tester: /home/tester
                systemd-run -q --unit guest-diod diod -f -n --no-userdb -c /dev/null -L stderr -e /home/tester/share -l /run/guest-diod.sock
                until [ -S /run/guest-diod.sock ]; do sleep 0.2; done
                chmod a+rw /run/guest-diod.sock
                echo 'unix:/run/guest-diod.sock /home/tester/mnt ninepin user,noauto,aname=/home/tester/share 0 0' >/etc/fstab
                """);
        try {
            guest.check(
                    "su tester -c 'mount /home/tester/mnt && cat /home/tester/mnt/hello && touch /home/tester/mnt/new'");
            assertThat(guest.check("stat -c %U /home/tester/share/new")).isEqualTo("tester\n");
            assertThat(guest.check("findmnt -n -o OPTIONS /home/tester/mnt")).contains("nosuid", "nodev", "noexec");
            guest.check("su tester -c 'umount /home/tester/mnt'");
            guest.check("! grep fuse.ninepin /proc/self/mountinfo");
        } finally {
            // umount(8) does not wait for the daemon, and a user who has processes cannot be removed.
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
        guest.write("/etc/auto.guest", "/mnt/helper/auto -fstype=ninepin,ro :share\n");
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
