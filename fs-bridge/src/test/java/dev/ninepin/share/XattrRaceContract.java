package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.p9.ByteString;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.InMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * Tests in which threads read an extended attribute while another thread sets it to values of many lengths, run with
 * each server.
 */
abstract class XattrRaceContract extends ShareFixture implements InMemory {
    private static final ByteString NAME = ByteString.of("user.name");
    private static final ByteString OTHER = ByteString.of("user." + "other".repeat(40));
    private static final int READERS = 4;
    private static final int CHANGES = 200;
    private static final int MOST = 65536;
    private static final int USUAL_LENGTH = 60;

    /** The longest value in bytes: several messages of the smallest msize. */
    private static final int LONGEST = 10000;

    private final AtomicBoolean done = new AtomicBoolean();
    private final AtomicLong reads = new AtomicLong();
    private final Random random = new Random(12);

    /** The side that sets the attribute, and that sets and removes another one. */
    private interface Side {
        void set(ByteString name, byte[] value) throws IOException;

        void remove(ByteString name) throws IOException;
    }

    @Test
    void everyValueReadBesideChangesOfTheSameMountWasSet() throws Exception {
        final long file = file(ROOT, "file", new byte[0]);
        assertEveryValueReadWasSet(file, new Side() {
            @Override
            public void set(final ByteString name, final byte[] value) throws IOException {
                share.setxattr(me, file, name, ByteBuffer.wrap(value), 0);
            }

            @Override
            public void remove(final ByteString name) throws IOException {
                share.removexattr(me, file, name);
            }
        });
    }

    /** Each change on the server follows several reads, so that a read meets at most one change. */
    @Test
    void everyValueReadBesideChangesOfTheServersSideWasSet() throws Exception {
        final long file = file(ROOT, "file", new byte[0]);
        final UserDefinedFileAttributeView there =
                Files.getFileAttributeView(export.resolve("file"), UserDefinedFileAttributeView.class);
        assertEveryValueReadWasSet(file, new Side() {
            @Override
            public void set(final ByteString name, final byte[] value) throws IOException {
                awaitReadings();
                there.write(javaName(name), ByteBuffer.wrap(value));
            }

            @Override
            public void remove(final ByteString name) throws IOException {
                awaitReadings();
                there.delete(javaName(name));
            }
        });
    }

    private void awaitReadings() {
        final long before = reads.get();
        await().pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> reads.get() >= before + 2 * READERS || done.get());
    }

    private void assertEveryValueReadWasSet(final long file, final Side side) throws Exception {
        share.setxattr(me, file, NAME, ByteBuffer.wrap(generated()), 0);
        final List<BackgroundCall<Integer>> readers = new ArrayList<>();
        for (int i = 0; i < READERS; i++) {
            readers.add(BackgroundCall.start("reader " + i, () -> readUntilDone(file)));
        }
        try {
            for (int i = 0; i < CHANGES; i++) {
                side.set(NAME, generated());
                if (i % 2 == 0) {
                    side.set(OTHER, generated());
                } else {
                    side.remove(OTHER);
                }
            }
        } finally {
            done.set(true);
        }
        for (final BackgroundCall<Integer> reader : readers) {
            assertThat(reader.result()).isPositive();
            reader.close();
        }
    }

    private int readUntilDone(final long file) throws IOException {
        int count = 0;
        try {
            while (!done.get()) {
                final byte[] value = share.getxattr(file, NAME, MOST);
                assertThat(value).isEqualTo(value(value.length));
                assertThat(share.xattrSize(file, NAME)).isPositive();
                assertThat(namesOf(file)).contains(NAME.toString()).doesNotContain("");
                count++;
                reads.incrementAndGet();
            }
            return count;
        } finally {
            // Ends the other threads, which would otherwise wait for reads that never happen.
            done.set(true);
        }
    }

    private List<String> namesOf(final long file) throws IOException {
        final String names = new String(share.listxattr(file, MOST), UTF_8);
        assertThat(names).endsWith("\0");
        return List.of(names.substring(0, names.length() - 1).split("\0", -1));
    }

    private byte[] generated() {
        return value(1 + random.nextInt(random.nextInt(5) == 0 ? LONGEST : USUAL_LENGTH));
    }

    /** Returns the value of a given length; one in five ends with a NUL. */
    private static byte[] value(final int length) {
        final byte[] value = new byte[length];
        Arrays.fill(value, (byte) (1 + length % 100));
        if (length % 5 == 0) {
            value[length - 1] = 0;
        }
        return value;
    }

    /** Returns an attribute's name without its namespace, as Java expects it. */
    private static String javaName(final ByteString name) {
        return name.toString().substring("user.".length());
    }
}
