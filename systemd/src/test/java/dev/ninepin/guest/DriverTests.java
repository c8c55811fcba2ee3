package dev.ninepin.guest;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;

/** Tests of mounting, copying and unmounting with each driver of the device. */
abstract class DriverTests {
    /**
     * Prints all state of a device and of the machine that a driver could leave changed. The script removes the numbers
     * of virtio devices, because the kernel assigns new ones.
     */
    private static final String STATE = """
            for device in %s %s; do
                cd /sys/bus/pci/devices/$device
                echo $device $(basename "$(readlink driver)") $(cat driver_override) $(cat enable) $(ls -d virtio* 2>&1 | sed 's/virtio[0-9]*$/virtio/')
                lspci -s $device -vv | grep -E 'Control:|Status:|MSI-X:'
            done
            cat /proc/sys/vm/nr_hugepages
            """.formatted(GuestKind.SHARE_ADDRESS, GuestKind.SECOND_ADDRESS);

    @AfterEach
    void leaveNothing(final Guest guest) throws Exception {
        guest.check("""
                umount /mnt/driver 2>/dev/null
                rm -rf /mnt/driver /root/copy
                ! grep fuse.ninepin /proc/self/mountinfo
                """);
    }

    /**
     * Mounts, copies a tree in and out, compares the copies, and unmounts. Then checks that the device is in its former
     * state.
     */
    static void aTreeIsCopiedBothWaysAndTheDeviceHandedBack(final Guest guest, final String driver) throws Exception {
        final Path there = guest.share().resolve("tree-" + driver);
        Tree.make(there);
        final String wanted = Tree.onHost(there);
        final String found = guest.check(STATE);

        final long begin = System.nanoTime();
        guest.check("mkdir -p /mnt/driver; ninepin mount -o cache=none,driver=" + driver + " share /mnt/driver");
        Figures.note(
                guest.kind(),
                "ninepin mount to usable, " + driver,
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin) + " ms");

        guest.check("cp -a /mnt/driver/tree-" + driver + " /root/copy");
        assertThat(Tree.inGuest(guest, "/root/copy")).isEqualTo(wanted);
        guest.check("cp -a /root/copy /mnt/driver/back-" + driver);
        assertThat(Tree.inGuest(guest, "/mnt/driver/back-" + driver)).isEqualTo(wanted);
        assertThat(Tree.onHost(guest.share().resolve("back-" + driver))).isEqualTo(wanted);
        final JsonObject status = status(guest, "/mnt/driver");
        assertThat(status.getAsJsonObject("channel").getAsJsonObject("details").toString())
                .contains("\"" + driver, GuestKind.SHARE_ADDRESS);
        noteRoundTrip(guest, driver, status);

        guest.check("rm -r /mnt/driver/back-" + driver + " && ninepin umount /mnt/driver");
        assertThat(guest.share().resolve("back-" + driver)).doesNotExist();
        assertThat(guest.check(STATE)).isEqualTo(found);
    }

    /** Returns the whole status of a mount. */
    static JsonObject status(final Guest guest, final String mountPoint) throws Exception {
        return JsonParser.parseString(guest.check("ninepin status --json " + mountPoint))
                .getAsJsonObject();
    }

    private static void noteRoundTrip(final Guest guest, final String driver, final JsonObject status)
            throws IOException {
        for (final JsonElement each : status.getAsJsonObject("protocol").getAsJsonArray("messages")) {
            final JsonObject message = each.getAsJsonObject();
            if (message.get("name").getAsString().equals("Tgetattr")) {
                Figures.note(
                        guest.kind(),
                        "Tgetattr round trip, " + driver,
                        "median " + message.get("median_us") + " us, 99 of 100 " + message.get("p99_us") + " us, of "
                                + message.get("count"));
            }
        }
    }

    /**
     * Returns the processor time in seconds that the daemon of {@code mountPoint} uses while the mount is idle for
     * {@code seconds}.
     */
    static double idleSeconds(final Guest guest, final String mountPoint, final int seconds) throws Exception {
        final long pid = status(guest, mountPoint).get("pid").getAsLong();
        // Fields 14 and 15 of /proc/PID/stat (utime and stime), in clock ticks of 1/100 s; see proc(5).
        final String ticks = guest.check("""
                busy() { awk '{ sub(/.*\\) /, ""); print $12 + $13 }' /proc/%d/stat; }
                before=$(busy)
                sleep %d
                echo $(($(busy) - before))
                """.formatted(pid, seconds));
        return Integer.parseInt(ticks.strip()) / 100.0;
    }

    static void share(final Path directory, final String name, final String content) throws Exception {
        Files.writeString(directory.resolve(name), content);
    }
}
