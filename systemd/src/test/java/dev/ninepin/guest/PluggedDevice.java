package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;

/**
 * A device that is plugged into a running guest. A program uses the mount of the device: it has an open and locked
 * file, and a working directory. The program writes numbered records, syncs each record, and then notes its number
 * outside the mount.
 */
final class PluggedDevice implements AutoCloseable {
    private static final String TAG = "plugged";
    private static final String MOUNT = "/mnt/plugged";

    private final Guest guest;
    private final Monitor monitor;
    private boolean isPlugged;

    private PluggedDevice(final Guest guest) throws IOException {
        this.guest = guest;
        this.monitor = Monitor.of(guest);
    }

    /** Plugs a device into slot 0 of {@code guest}, mounts it with {@code driver}, and starts the program. */
    static PluggedDevice mount(final Guest guest, final String driver) throws IOException {
        final PluggedDevice device = new PluggedDevice(guest);
        try {
            guest.check("mkdir -p " + MOUNT);
            device.plugIn(0);
            guest.check("until ninepin devices --json | grep -q '\"plugged\"'; do sleep 0.2; done");
            guest.check("ninepin mount -o timeout=120,driver=" + driver + " " + TAG + " " + MOUNT);
            device.startProgram();
            return device;
        } catch (final IOException | AssertionError e) {
            device.close();
            throw e;
        }
    }

    void plugIn(final int slot) throws IOException {
        monitor.plugIn(TAG, guest.kind().slot(slot));
        isPlugged = true;
    }

    /** Unplugs the device, and blocks until the guest has released it. */
    void unplug() throws IOException {
        monitor.unplug(TAG);
        isPlugged = false;
    }

    /** Returns the address of the device, as the status of the mount shows it. */
    String address() throws Exception {
        return DriverTests.status(guest, MOUNT)
                .getAsJsonObject("channel")
                .getAsJsonObject("details")
                .get("pci_address")
                .getAsString();
    }

    /** Blocks until the status of the mount has the state {@code state}. */
    void awaitState(final String state) throws IOException {
        guest.check("until ninepin status --json %s | grep -q '\"state\": *\"%s\"'; do sleep 0.2; done"
                .formatted(MOUNT, state));
    }

    /**
     * Writes to a register of the device's common configuration, through the window in its configuration space (virtio 1.2,
     * 4.1.4.9), as another program could.
     */
    void writeRegister(final int register, final int width, final int value) throws Exception {
        guest.check("""
                set -e
                at=$(lspci -vv -s %1$s | sed -n 's/.*\\[\\([0-9a-f]*\\)\\].*VirtIO: <unknown>.*/\\1/p')
                field() { printf %%x $((0x$at + $1)); }
                setpci -s %1$s $(field 4).b=4 $(field 8).l=%2$x $(field 12).l=%3$d $(field 16).%4$s=%5$x
                """.formatted(address(), register, width, width == 1 ? "b" : "w", value));
    }

    /** Returns why QEMU neither migrates nor saves a snapshot now. */
    String snapshotObstacles() throws IOException {
        return monitor.execute("query-migrate", Map.of()).toString();
    }

    /** Stops the machine and continues it. */
    void stopAndContinue() throws IOException {
        monitor.execute("stop", Map.of());
        assertThat(monitor.execute("query-status", Map.of()).get("running").getAsBoolean())
                .isFalse();
        monitor.execute("cont", Map.of());
    }

    /** Blocks until the program has written and synced more records. */
    void awaitProgress() throws IOException {
        guest.check("""
                before=$(cat /root/plugged-acknowledged)
                until [ "$(cat /root/plugged-acknowledged)" -gt "$before" ]; do
                    systemctl -q is-active plugged-program || exit 1
                    sleep 0.2
                done
                """);
    }

    private void startProgram() throws IOException {
        guest.write("/root/plugged.pl", """
                use strict;
                use Fcntl qw(:flock SEEK_SET);
                use IO::Handle;
                chdir("%s/plugged-work") or die "working directory: $!";
                open(my $file, "+>", "records") or die "open: $!";
                flock($file, LOCK_EX | LOCK_NB) or die "lock: $!";
                for (my $number = 1; !-e "/root/plugged-stop"; $number++) {
                    sysseek($file, 10 * ($number - 1), SEEK_SET) or die "seek: $!";
                    syswrite($file, sprintf("%%09d\n", $number)) == 10 or die "write: $!";
                    $file->sync or die "sync: $!";
                    -s "records" == 10 * $number or die "attributes: $!";
                    open(my $note, ">", "/root/plugged-new") or die;
                    print $note $number;
                    close($note);
                    rename("/root/plugged-new", "/root/plugged-acknowledged");
                    select(undef, undef, undef, 0.05);
                }
                """.formatted(MOUNT));
        guest.check("""
                set -e
                rm -f /root/plugged-stop
                echo 0 >/root/plugged-acknowledged
                mkdir %s/plugged-work
                systemd-run -q --unit plugged-program -p RemainAfterExit=yes perl /root/plugged.pl
                """.formatted(MOUNT));
        awaitProgress();
    }

    /** Ends the program, and checks that it got no error, still has its lock, and wrote all records that it noted. */
    void checkProgram() throws IOException {
        guest.check("""
                set -e
                if flock -n %1$s/plugged-work/records true; then exit 1; fi
                touch /root/plugged-stop
                until [ "$(systemctl show -P SubState plugged-program)" = exited ]; do
                    systemctl -q is-active plugged-program
                    sleep 0.2
                done
                systemctl stop plugged-program
                seq -f %%09.0f "$(cat /root/plugged-acknowledged)" | cmp - %1$s/plugged-work/records
                rm -r %1$s/plugged-work
                ninepin umount %1$s
                """.formatted(MOUNT));
        assertThat(guest.run("ls /run/ninepin/*.found").status())
                .as("the device is handed back")
                .isNotZero();
    }

    @Override
    public void close() throws IOException {
        try {
            guest.run("journalctl -b -u plugged-program --no-pager");
            guest.run("systemctl stop plugged-program; systemctl reset-failed plugged-program");
            guest.run("umount -l " + MOUNT + "; rmdir " + MOUNT + "; rm -f /root/plugged*");
            if (isPlugged) {
                unplug();
            }
        } finally {
            monitor.close();
        }
    }
}
