package dev.ninepin.virtio.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.channel.Channel;
import dev.ninepin.channel.Received;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.Rflush;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rwrite;
import dev.ninepin.p9.Tflush;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tlcreate;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Tversion;
import dev.ninepin.p9.Twrite;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.RawClient;
import dev.ninepin.virtio.device.RequestBuffers;
import dev.ninepin.virtio.device.VirtioTransport;
import dev.ninepin.virtio.driver.OpenAndWait;
import dev.ninepin.virtio.pci.PciFunction;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of what is specific to QEMU as the server. The contract test covers the behaviour common to all channels. */
@Timeout(60)
class QemuChannelTest {
    private static final int MSIZE = 65_536;
    private static final int FILE = 1;
    private static final int EROFS = 30;
    private static final byte[] TEXT = "ninepin\n".getBytes(StandardCharsets.US_ASCII);

    @TempDir
    private Path directory;

    @Test
    void saysWhichDeviceItDrives() throws Exception {
        try (Channel channel = QemuChannel.open(directory, Map.of(), MSIZE)) {
            assertThat(channel.info().kind()).isEqualTo("qemu");
            assertThat(channel.info().device()).isEqualTo(directory.toString());
            assertThat(channel.info().details())
                    .containsEntry("pci_address", "0000:00:04.0")
                    .containsEntry("mount_tag", "ninepin")
                    .containsEntry("queue", "0")
                    .containsEntry("queue_size", "128")
                    .containsEntry("features", "mount_tag indirect_desc event_idx version_1");
            assertThat(channel.maxRequests()).isEqualTo(128);
            assertThat(channel.maxMessageSize()).isEqualTo(MSIZE);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "mapped-xattr", "mapped-file"})
    void filesAreWrittenAndReadInEachSecurityModel(final String model) throws Exception {
        try (Channel channel = QemuChannel.open(directory, Map.of("security_model", model), MSIZE)) {
            final RawClient client = RawClient.attach(channel, ByteString.EMPTY);
            client.create(FILE, "file");
            assertThat(client.call(1, new Twrite(FILE, 0, ByteBuffer.wrap(TEXT)), Rwrite.class))
                    .isEqualTo(new Rwrite(TEXT.length));
            assertThat(client.call(2, new Tread(FILE, 0, 100), Rread.class).data())
                    .isEqualTo(ByteBuffer.wrap(TEXT));
            assertThat(client.call(3, new Tgetattr(FILE, AttrMask.BASIC), Rgetattr.class)
                            .size())
                    .isEqualTo(TEXT.length);
        }
        assertThat(directory.resolve("file")).hasBinaryContent(TEXT);
    }

    @Test
    void theOptionsReachQemu() throws Exception {
        try (Channel channel = QemuChannel.open(directory, Map.of("readonly", ""), MSIZE)) {
            final RawClient client = RawClient.attach(channel, ByteString.EMPTY);
            final Tlcreate create = new Tlcreate(RawClient.ROOT, ByteString.of("file"), OpenFlags.RDWR, 0644, 0);

            assertThat(client.call(1, create, Rlerror.class)).isEqualTo(new Rlerror(EROFS));
        }
    }

    @Test
    void aDirectoryMayHaveCommasAndSpacesInItsName() throws Exception {
        final Path odd = Files.createDirectory(directory.resolve("a, b,,c=d,readonly=on"));
        try (Channel channel = QemuChannel.open(odd, Map.of(), MSIZE)) {
            RawClient.attach(channel, ByteString.EMPTY).create(FILE, "file");
        }
        assertThat(odd.resolve("file")).exists();
    }

    @Test
    void anUnknownOptionIsRefusedByName() {
        assertThatThrownBy(() -> QemuChannel.open(directory, Map.of("path", "/etc"), MSIZE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'path'")
                .hasMessageContaining("security_model")
                .hasMessageContaining("throttling.*");
    }

    @Test
    void whatIsNoDirectoryIsRefused() throws Exception {
        final Path file = Files.createFile(directory.resolve("file"));

        assertThatThrownBy(() -> QemuChannel.open(file, Map.of(), MSIZE))
                .isInstanceOf(IOException.class)
                .hasMessage(file + " is not a directory");
        assertThatThrownBy(() -> QemuChannel.open(directory.resolve("none"), Map.of(), MSIZE))
                .isInstanceOf(IOException.class)
                .hasMessage(directory.resolve("none") + " does not exist");
    }

    @Test
    void theLastWordsOfAQemuThatDoesNotStartAreInTheError() {
        assertThatThrownBy(() -> QemuChannel.open(directory, Map.of("security_model", "mapped-nowhere"), MSIZE))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("qemu:" + directory + ": QEMU exited with status 1: ")
                .hasMessageContaining(": invalid security_model property 'mapped-nowhere'; ")
                .hasMessageEndingWith("; correct the options after the directory (qemu:DIR,OPTION=VALUE)")
                .hasMessageNotContainingAny("-fsdev", "qemu-system");
        assertThatThrownBy(() -> QemuChannel.open(directory, Map.of("writeout", "later"), MSIZE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("qemu: invalid value writeout=later; the only valid value is writeout=immediate");
        assertThatThrownBy(() -> QemuChannel.open(directory, Map.of("throttling.speed", "1"), MSIZE))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("throttling.speed");
        assertThat(QemuProcesses.of(directory)).isEmpty();
    }

    @Test
    void aFlushedRequestEndsWithoutAReply() throws Exception {
        Files.write(directory.resolve("file"), new byte[100]);
        final Map<String, String> slow = Map.of("throttling.iops-read", "2");
        try (Channel channel = QemuChannel.open(directory, slow, MSIZE)) {
            final RawClient client = RawClient.attach(channel, ByteString.EMPTY);
            client.open(FILE, "file");
            // QEMU gets a short read, so it reads again. It waits for the throttle at the second read when the flush
            // arrives.
            channel.send(1, new Tread(FILE, 0, 1000));
            channel.send(2, new Tread(FILE, 0, 1000));
            channel.send(3, new Tflush(2));
            channel.flush();

            final Map<Integer, ByteBuffer> replies = new HashMap<>();
            for (int i = 0; i < 3; i++) {
                try (Received received = channel.receive()) {
                    final ByteBuffer copy =
                            ByteBuffer.allocate(received.message().remaining());
                    replies.put(received.tag(), copy.put(received.message()).flip());
                }
            }

            assertThat(Frame.decode(replies.get(1)).message()).isInstanceOf(Rread.class);
            assertThat(replies.get(2).hasRemaining()).isFalse();
            assertThat(Frame.decode(replies.get(3)).message()).isInstanceOf(Rflush.class);
        }
    }

    @Test
    void closeDoesNotWaitForSlowRequestsLongerThanTheServerTakes() throws Exception {
        Files.write(directory.resolve("file"), new byte[100]);
        final Channel channel = QemuChannel.open(directory, Map.of("throttling.iops-read", "2"), MSIZE);
        final RawClient client = RawClient.attach(channel, ByteString.EMPTY);
        client.open(FILE, "file");
        for (int tag = 0; tag < 3; tag++) {
            channel.send(tag, new Tread(FILE, 0, 1000));
        }
        channel.flush();

        channel.close();

        assertThat(QemuProcesses.of(directory)).isEmpty();
    }

    @Test
    void aQemuThatHangsIsEndedAllTheSame() throws Exception {
        final Channel channel = QemuChannel.open(directory, Map.of(), MSIZE);
        RawClient.attach(channel, ByteString.EMPTY);
        final long pid = QemuProcesses.of(directory).get(0).pid();
        assertThat(new ProcessBuilder("kill", "-STOP", Long.toString(pid))
                        .start()
                        .waitFor())
                .isZero();

        channel.close();

        assertThat(QemuProcesses.of(directory)).isEmpty();
    }

    @Test
    void aQemuThatIsKilledWhileARequestIsInFlightIsNoticed() throws Exception {
        Files.write(directory.resolve("file"), new byte[100]);
        try (Channel channel = QemuChannel.open(directory, Map.of("throttling.iops-read", "1"), MSIZE)) {
            final RawClient client = RawClient.attach(channel, ByteString.EMPTY);
            client.open(FILE, "file");
            for (int tag = 0; tag < 20; tag++) {
                channel.send(tag, new Tread(FILE, 0, 1000));
            }
            channel.flush();
            try (BackgroundCall<Received> reader = BackgroundCall.start("reader", () -> {
                while (true) {
                    channel.receive().close();
                }
            })) {
                reader.awaitInside("parkNanos");

                QemuProcesses.of(directory).forEach(ProcessHandle::destroyForcibly);

                assertThat(reader.failure())
                        .isInstanceOf(IOException.class)
                        .hasMessage("qemu:" + directory + ": QEMU was killed by signal 9");
            }
        }
    }

    @Test
    void aReplyTooLargeForItsRoomBreaksTheDeviceForGood() throws Exception {
        try (PciFunction function = QemuChannel.start(directory, Map.of(), MSIZE)) {
            final VirtioTransport transport = VirtioTransport.setUp(function, MSIZE);
            transport.device().checkHealth();
            final RequestBuffers slot = transport.memory().tryTake(100, 100);
            final ByteBuffer message = slot.message().bytes();
            new Frame(Frame.NOTAG, new Tversion(MSIZE, ByteString.of("9P2000.L"))).encode(message);
            transport
                    .queue()
                    .post(
                            0,
                            slot.message().segments(),
                            message.position(),
                            slot.reply().segments(),
                            12);
            assertThat(transport.queue().needsDoorbell()).isTrue();
            transport.device().ringDoorbell();

            await().untilAsserted(() -> assertThatThrownBy(transport.device()::checkHealth)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("is broken"));
            assertThat(transport.queue().poll()).isNull();

            transport.device().reset();
            VirtioTransport.setUp(function, MSIZE).device().checkHealth();
        }
    }

    @Test
    void qemuIsInASessionOfItsOwnSoThatCtrlCDoesNotReachIt() throws Exception {
        try (Channel channel = QemuChannel.open(directory, Map.of(), MSIZE)) {
            final long pid = QemuProcesses.of(directory).get(0).pid();
            final String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);

            assertThat(fields[3]).as("session id").isEqualTo(Long.toString(pid));
            assertThat(channel.maxRequests()).isPositive();
        }
    }

    @Test
    void qemuRunsInItsSandbox() throws Exception {
        try (Channel channel = QemuChannel.open(directory, Map.of(), MSIZE)) {
            final long pid = QemuProcesses.of(directory).get(0).pid();

            assertThat(Files.readString(Path.of("/proc/" + pid + "/status"))).contains("Seccomp:\t2");
            assertThat(channel.maxRequests()).isPositive();
        }
    }

    @Test
    void killingAJvmLeavesNoQemuAndNoMemoryBehind() throws Exception {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        final Process jvm = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        OpenAndWait.class.getName(),
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            // The program prints the line once its channel is open.
            assertThat(jvm.inputReader().lines().anyMatch(OpenAndWait.READY::equals))
                    .isTrue();
            final ProcessHandle qemu =
                    QemuProcesses.below(jvm.toHandle(), directory).get(0);
            try {
                assertThat(Files.readString(Path.of("/proc/" + qemu.pid() + "/maps")))
                        .contains("memfd:ninepin");

                jvm.destroyForcibly().waitFor();

                await().until(() -> !qemu.isAlive());
                try (Stream<Path> files = Files.list(Path.of("/dev/shm"))) {
                    assertThat(files.filter(file -> file.toString().contains("ninepin") && Files.isRegularFile(file)))
                            .isEmpty();
                }
            } finally {
                qemu.destroyForcibly();
            }
        } finally {
            jvm.destroyForcibly().waitFor();
        }
    }
}
