package dev.ninepin.guest;

/** Tests of lines of fstab at boot, with a server that a unit of the guest starts. */
@InGuest(GuestKind.UML)
class BootIT extends BootContract {
    BootIT() {
        super(Diod.SOURCE, "nosuchtag");
    }

    @Override
    String makeShares(final Guest guest) throws Exception {
        guest.check("""
                set -e
                mkdir /srv/boot /srv/access
                echo at boot >/srv/boot/hello
                echo on access >/srv/access/hello
                """);
        guest.write("/etc/systemd/system/guest-server.service", """
                [Service]
                ExecStart=%s
                ExecStartPost=sh -c 'until [ -S %s ]; do sleep 0.1; done'
                """.formatted(
                        Diod.command("/srv/boot", "/srv/access"), Diod.socket()));
        final String needed = "nofail,_netdev,x-systemd.requires=guest-server.service,aname=";
        return """
                %1$s       /mnt/boot    ninepin  %2$s/srv/boot                              0 0
                %1$s       /mnt/access  ninepin  %2$s/srv/access,noauto,x-systemd.automount 0 0
                nosuchtag  /mnt/absent  ninepin  nofail                                     0 0
                """.formatted(Diod.SOURCE, needed);
    }

    @Override
    void removeShares(final Guest guest) throws Exception {
        guest.check("""
                systemctl stop guest-server
                rm -r /etc/systemd/system/guest-server.service /srv/boot /srv/access
                """);
    }
}
