package dev.ninepin.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.p9.OpenFlags;
import dev.ninepin.session.exchange.RequestTimeoutException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.QemuServers;
import dev.ninepin.testing.RealServer;
import dev.ninepin.testing.ServerKind;
import dev.ninepin.testing.SessionFixture;
import dev.ninepin.virtio.qemu.QemuProcesses;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests with a QEMU that answers nothing for a while, and more requests with data than the channel has room for. */
@LongRun
class QemuHangTest extends SessionFixture {
    /** In bytes. The channel has room for eight messages of this size. */
    private static final int MSIZE = 8 << 20;

    private static final int SIZE = 100_000;
    private static final int CALLERS = 20;

    private int fid;

    @Override
    protected RealServer start(final Path directory) {
        return new QemuServers(ServerKind.QEMU, directory, Map.of());
    }

    private void openFile(final Duration timeout) throws IOException {
        Files.write(export.resolve("file"), new byte[SIZE]);
        connect(options().withMsize(MSIZE).withRequestTimeout(timeout));
        fid = session.fids().take();
        try (FidTable.Lease root = session.fids().lease(session.fids().root())) {
            session.walk(root.fid(), fid, List.of(name("file"))).await();
        }
        session.lopen(fid, OpenFlags.RDWR).await();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eachCallerIsToldInTimeAndTheSessionGoesOn(final boolean writes) throws Exception {
        openFile(Duration.ofSeconds(2));
        signal("STOP");
        final List<BackgroundCall<Boolean>> callers = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            callers.add(BackgroundCall.start("caller " + i, () -> {
                if (writes) {
                    session.write(fid, 0, ByteBuffer.allocateDirect(SIZE)).await();
                } else {
                    session.read(fid, 0, SIZE).await().close();
                }
                return true;
            }));
        }

        for (final BackgroundCall<Boolean> caller : callers) {
            assertThat(caller.failure()).isInstanceOf(RequestTimeoutException.class);
        }
        signal("CONT");
        await().untilAsserted(() -> assertThat(session.status().tagsUsed()).isZero());
        session.read(fid, 0, SIZE).await().close();
    }

    @Test
    void theSessionEndsWhileCallersWait() throws Exception {
        openFile(Duration.ofSeconds(5));
        signal("STOP");
        final List<BackgroundCall<Boolean>> callers = new ArrayList<>();
        for (int i = 0; i < CALLERS; i++) {
            callers.add(BackgroundCall.start("caller " + i, () -> {
                session.read(fid, 0, SIZE).await().close();
                return true;
            }));
        }
        callers.get(CALLERS - 1).awaitInside("read");

        session.close();

        for (final BackgroundCall<Boolean> caller : callers) {
            assertThat(caller.failure()).isInstanceOf(IOException.class);
        }
    }

    private void signal(final String signal) throws Exception {
        for (final ProcessHandle qemu : QemuProcesses.of(export)) {
            final Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(qemu.pid())).start();
            assertThat(kill.waitFor()).isZero();
        }
    }
}
