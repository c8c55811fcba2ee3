package dev.ninepin.virtio.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.ChannelClosedException;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.session.exchange.Call;
import dev.ninepin.session.exchange.ReadReply;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.RawClient;
import dev.ninepin.virtio.pci.PciConfig;
import dev.ninepin.virtio.pci.PciConfigFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The tests of a guest's device, for one way to drive it. Runs in a guest only: see {@link GuestDevice}. */
@Timeout(120)
abstract class DriverInGuestContract {
    private static final int MSIZE = 131_096;
    private static final int CHUNK = 65_536;
    private static final int CHUNKS = 64;
    private static final int ROUNDS = 20;

    @TempDir
    private Path locks;

    private final DriverKind kind;
    private final String interrupt;

    /**
     * @param kind the way to drive the device
     * @param interrupt the kind of interrupt, as {@code status} shows it
     */
    DriverInGuestContract(final DriverKind kind, final String interrupt) {
        this.kind = kind;
        this.interrupt = interrupt;
    }

    /** Gives the device back to virtio-pci, as after a boot. */
    @AfterEach
    void handToTheKernel() throws Exception {
        final SysfsDevice device = devices().find(GuestDevice.name());
        device.unbind();
        device.overrideDriver(Optional.empty());
        device.probe();
        assertThat(device.driver()).contains("virtio-pci");
    }

    private VirtioDevices devices() {
        return new VirtioDevices(Path.of("/"), locks, (file, text) -> Files.writeString(file, text));
    }

    private static KernelUses uses() {
        return new KernelUses(Path.of("/"), new SysfsBus(Path.of("/sys"), Files::writeString));
    }

    private Channel open() throws IOException {
        return devices().open(GuestDevice.name(), Optional.of(kind), MSIZE);
    }

    @Test
    void dataGoesBothWaysWhole() throws Exception {
        try (Session session = Session.connect(open(), SessionOptions.defaults(0))) {
            exchangeData(session);
        }
    }

    @Test
    void withoutHugepagesOrdinaryMemoryDoes() throws Exception {
        // A directory in place of the lock file makes hugepages unusable.
        Files.createDirectory(locks.resolve("hugepages.lock"));
        try (Session session = Session.connect(open(), SessionOptions.defaults(0))) {
            assertThat(session.channelInfo().details().get("memory")).isIn("pages", "iommu");
            exchangeData(session);
            // Makes the kernel migrate all pages that it can.
            Files.writeString(Path.of("/proc/sys/vm/compact_memory"), "1");
            exchangeData(session);
        }
    }

    @Test
    void theStatusSaysHowItIsDriven() throws Exception {
        try (Channel channel = open()) {
            assertThat(channel.info().details())
                    .containsEntry("driver", kind.optionValue())
                    .containsEntry("interrupt", interrupt)
                    .containsKey("memory");
        }
    }

    @Test
    void theDeviceIsHandedBackAsItWasFound() throws Exception {
        final SysfsDevice device = devices().find(GuestDevice.name());
        new KernelModules(Path.of("/")).load(DriverKind.UIO.module());
        for (final String driver : List.of("", "virtio-pci", DriverKind.UIO.kernelDriver())) {
            device.unbind();
            device.overrideDriver(Optional.of(driver.isEmpty() ? "nobody" : driver));
            device.probe();
            assertThat(device.driver().orElse("")).isEqualTo(driver);
            device.overrideDriver(driver.isEmpty() ? Optional.of("nobody") : Optional.empty());
            final Map<String, String> before = state(device);

            open().close();

            assertThat(state(device)).isEqualTo(before);
        }
    }

    @Test
    void whatAKilledProcessLeftIsHandedBackByTheNext() throws Exception {
        final SysfsDevice device = devices().find(GuestDevice.name());
        device.unbind();
        device.overrideDriver(Optional.empty());
        final Map<String, String> before = state(device);
        // The state after a kill: the device is bound, and no process holds its lock.
        final Path record = locks.resolve("pci-" + device.address() + ".found");
        final String found;
        try (DeviceClaim claim = DeviceClaim.take(device, locks, uses())) {
            claim.bind(kind);
            found = Files.readString(record);
        }
        device.overrideDriver(Optional.of(kind.kernelDriver()));
        device.probe();
        Files.writeString(record, found);

        open().close();

        assertThat(state(device)).isEqualTo(before);
    }

    @Test
    void nobodyElseGetsIt() throws Exception {
        try (Channel channel = open()) {
            assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("by another ninepin");
            assertThat(devices().list())
                    .filteredOn(each -> each.address().equals(channel.info().device()))
                    .allSatisfy(each -> {
                        assertThat(each.use()).map(DeviceUse::holder).contains("ninepin");
                        assertThat(each.tag()).contains(channel.info().details().get("mount_tag"));
                    })
                    .hasSize(1);
            RawClient.attach(channel, ByteString.EMPTY);
        }
        assertThat(devices().list()).allSatisfy(each -> assertThat(each.use()).isEmpty());
    }

    @Test
    void closingEndsAReaderThatWaits() throws Exception {
        final Channel channel = open();
        RawClient.attach(channel, ByteString.EMPTY);
        // The device does not reply, because it gets no doorbell.
        channel.send(1, new Tgetattr(RawClient.ROOT, AttrMask.BASIC));
        try (BackgroundCall<Received> reader = BackgroundCall.start("reader", channel::receive)) {
            reader.awaitInside("pause");
            channel.close();
            assertThat(reader.failure()).isInstanceOf(ChannelClosedException.class);
        }
    }

    @Test
    void aReplyEndsASleep() throws Exception {
        try (Channel channel = open()) {
            RawClient.attach(channel, ByteString.EMPTY);
            final long[] nanos = new long[ROUNDS];
            for (int i = 0; i < ROUNDS; i++) {
                channel.send(1, new Tgetattr(RawClient.ROOT, AttrMask.BASIC));
                try (BackgroundCall<Received> reader = BackgroundCall.start("reader", channel::receive)) {
                    reader.awaitInside(interrupt.equals("none") ? "parkNanos" : "poll");
                    final long start = System.nanoTime();
                    channel.flush();
                    reader.result().close();
                    nanos[i] = System.nanoTime() - start;
                }
            }
            Arrays.sort(nanos);
            // Far below the interval after which a reader polls without an interrupt.
            assertThat(nanos[ROUNDS / 2]).isLessThan(TimeUnit.MILLISECONDS.toNanos(30));
        }
    }

    /**
     * With VFIO, the kernel asks the user of the device to close it, and then removes the device. With the other
     * drivers, the kernel removes a device in use, and the claim has nothing to restore at the end.
     */
    @Test
    void theRemovalOfAnIdleDeviceEndsItsChannel() throws Exception {
        final Path device = Path.of(
                "/sys/bus/pci/devices", devices().find(GuestDevice.name()).address());
        try (Channel channel = open()) {
            RawClient.attach(channel, ByteString.EMPTY);
            try (BackgroundCall<Path> removal =
                    BackgroundCall.start("removal", () -> Files.writeString(device.resolve("remove"), "1"))) {
                assertThatThrownBy(channel::receive)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining(kind == DriverKind.VFIO ? "is being unplugged" : "is gone");
                channel.close();
                removal.result();
            }
        } finally {
            Files.writeString(Path.of("/sys/bus/pci/rescan"), "1");
        }
        open().close();
    }

    private static void exchangeData(final Session session) throws Exception {
        final byte[] data = new byte[CHUNK * CHUNKS];
        new Random(CHUNKS).nextBytes(data);
        final int file = session.fids().copy(session.fids().root());
        session.lcreate(file, ByteString.of("driver-test"), OpenFlags.RDWR, 0600, 0)
                .await();
        try {
            final List<Call<?>> writes = new ArrayList<>();
            for (int chunk = 0; chunk < CHUNKS; chunk++) {
                writes.add(session.write(file, (long) chunk * CHUNK, ByteBuffer.wrap(data, chunk * CHUNK, CHUNK)));
            }
            for (final Call<?> write : writes) {
                write.await();
            }
            final List<Call<ReadReply>> reads = new ArrayList<>();
            for (int chunk = 0; chunk < CHUNKS; chunk++) {
                reads.add(session.read(file, (long) chunk * CHUNK, CHUNK));
            }
            final ByteBuffer read = ByteBuffer.allocate(data.length);
            for (final Call<ReadReply> each : reads) {
                try (ReadReply reply = each.await()) {
                    read.put(reply.data());
                }
            }
            assertThat(read.array()).isEqualTo(data);
        } finally {
            session.fids().remove(file);
        }
    }

    private static Map<String, String> state(final SysfsDevice device) throws IOException {
        try (PciConfigFile config = PciConfigFile.open(device.address(), device.config())) {
            final Path hugepages = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB");
            return Map.of(
                    "driver", device.driver().orElse("none"),
                    "override", device.driverOverride().orElse("none"),
                    "command", Integer.toHexString(config.readConfig16(PciConfig.COMMAND)),
                    "nr_overcommit_hugepages",
                            Files.readString(hugepages.resolve("nr_overcommit_hugepages"))
                                    .strip());
        }
    }
}
