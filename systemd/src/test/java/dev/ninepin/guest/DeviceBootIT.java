package dev.ninepin.guest;

/** Tests of lines of fstab that name a device, at boot, while udev loads drivers. */
@InGuest(GuestKind.CLOUD)
class DeviceBootIT extends BootContract {
    DeviceBootIT() {
        super("share", "nosuchtag", "second");
    }

    @Override
    String makeShares(final Guest guest) throws Exception {
        DriverTests.share(guest.share(), "hello", "at boot\n");
        DriverTests.share(guest.second(), "hello", "on access\n");
        // Two Java programs start at once on an emulated processor, which can take longer than systemd's 90 s.
        return """
                share     /mnt/boot    ninepin  nofail,x-systemd.mount-timeout=5min  0 0
                second    /mnt/access  ninepin  nofail,noauto,x-systemd.automount    0 0
                nosuchtag /mnt/absent  ninepin  nofail,x-systemd.mount-timeout=5min  0 0
                """;
    }
}
