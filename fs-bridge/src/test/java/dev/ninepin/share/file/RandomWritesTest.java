package dev.ninepin.share.file;

import static dev.ninepin.operations.FileOperations.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.session.Session;
import dev.ninepin.share.NoKernelCache;
import dev.ninepin.share.Share;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import dev.ninepin.testing.SessionFixture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests of random writes and appends to one file over several handles, mixed with the operations that depend on them.
 * The file must always be the same as a model of it.
 */
class RandomWritesTest {
    abstract static class Contract extends SessionFixture {
        private static final ByteString NAME = ByteString.of("file");
        private static final KernelCache KERNEL = new NoKernelCache();
        private static final long OWNER = 7;
        private static final int STEPS = 600;
        private static final int HANDLES = 3;

        /** The largest file, in bytes. */
        private static final int MOST = 1 << 20;

        private Share share;
        private Share other;
        private Random random;
        private long node;

        /** What the file contains: the first {@link #size} bytes. */
        private final byte[] model = new byte[MOST];

        private int size;

        private final List<Handle> handles = new ArrayList<>();

        private record Handle(long number, int flags) {}

        @BeforeEach
        void openShares() throws IOException {
            Files.createFile(export.resolve(NAME.toString()));
            share = openShare();
            other = openShare();
        }

        @AfterEach
        void closeShares() {
            share.close();
            other.close();
        }

        private Share openShare() throws IOException {
            return Share.open(
                    Session.connect(server.connect(options().msize()), options()),
                    new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()));
        }

        @ParameterizedTest
        @ValueSource(longs = {1, 2, 3, 4, 5})
        void theFileIsAsTheModel(final long seed) throws IOException {
            random = new Random(seed);
            node = share.lookup(ROOT, NAME).node();
            for (int i = 0; i < HANDLES; i++) {
                handles.add(openHandle());
            }
            for (int step = 0; step < STEPS; step++) {
                runStep();
            }
            for (final Handle handle : handles) {
                close(handle);
            }
            assertThat(Files.readAllBytes(export.resolve(NAME.toString()))).isEqualTo(Arrays.copyOf(model, size));
        }

        private Handle openHandle() throws IOException {
            final int flags = OpenFlags.RDWR | (random.nextBoolean() ? OpenFlags.APPEND : 0);
            return new Handle(share.open(node, flags, KERNEL), flags);
        }

        private void close(final Handle handle) throws IOException {
            share.flush(handle.number(), OWNER);
            share.release(handle.number());
        }

        private void runStep() throws IOException {
            final int chosen = random.nextInt(handles.size());
            final Handle handle = handles.get(chosen);
            switch (random.nextInt(16)) {
                case 0 -> read(share, handle.number());
                case 1 -> assertThat(share.getattr(node).size()).isEqualTo(size);
                case 2 -> truncate(random.nextInt(Math.min(size + 1000, MOST)));
                case 3 -> share.fsync(handle.number(), true);
                case 4 -> {
                    close(handle);
                    handles.set(chosen, openHandle());
                }
                case 5 -> writePage(handle);
                case 6 -> readElsewhere(handle);
                case 7 -> truncate(random.nextInt(1000));
                default -> writeSeveral(handle);
            }
        }

        /** Writes a stream of small pieces, as most programs do, or a few at any offset. */
        private void writeSeveral(final Handle handle) throws IOException {
            final int most = random.nextInt(10) == 0 ? 100_000 : random.nextBoolean() ? 5000 : 200;
            final int sync = random.nextInt(20) == 0 ? OpenFlags.DSYNC : 0;
            int offset = random.nextBoolean() ? size : random.nextInt(size + 300);
            for (int count = random.nextInt(60); count > 0; count--) {
                final byte[] bytes = new byte[1 + random.nextInt(most)];
                random.nextBytes(bytes);
                if ((handle.flags() & OpenFlags.APPEND) != 0) {
                    offset = size;
                } else if (random.nextInt(15) == 0) {
                    offset = random.nextInt(size + 300);
                }
                if (offset + bytes.length > MOST) {
                    return;
                }
                write(handle.number(), offset, bytes, handle.flags() | sync);
                offset += bytes.length;
            }
        }

        private void write(final long handle, final int offset, final byte[] bytes, final int flags)
                throws IOException {
            final ByteBuffer direct =
                    ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
            assertThat(share.write(handle, offset, direct, flags)).isEqualTo(bytes.length);
            direct.clear().put(new byte[bytes.length]);
            record(offset, bytes);
        }

        private void record(final int offset, final byte[] bytes) {
            size = Math.max(size, offset + bytes.length);
            System.arraycopy(bytes, 0, model, offset, bytes.length);
        }

        /** Writes a page back over any handle, as the kernel does for a mapped file. */
        private void writePage(final Handle handle) throws IOException {
            if (size > 0) {
                final int offset = random.nextInt(size);
                final byte[] bytes = new byte[Math.min(4096, size - offset)];
                random.nextBytes(bytes);
                share.writePages(handle.number(), offset, ByteBuffer.wrap(bytes), handle.flags());
                record(offset, bytes);
            }
        }

        private void truncate(final int newSize) throws IOException {
            share.setattr(node, AttributeChange.size(newSize));
            Arrays.fill(model, Math.min(size, newSize), MOST, (byte) 0);
            size = newSize;
        }

        private void read(final Share reader, final long handle) throws IOException {
            final int offset = random.nextInt(size + 1);
            final int count = random.nextInt(size + 1);
            try (ReadResult result = reader.read(handle, offset, count)) {
                final byte[] bytes = new byte[result.data().remaining()];
                result.data().get(bytes);
                assertThat(bytes).isEqualTo(Arrays.copyOfRange(model, offset, Math.min(size, offset + count)));
            }
        }

        /** Reads over another mount, which sees what was written before the close. */
        private void readElsewhere(final Handle handle) throws IOException {
            share.flush(handle.number(), OWNER);
            final long there = other.lookup(ROOT, NAME).node();
            final long opened = other.open(there, OpenFlags.RDONLY, KERNEL);
            read(other, opened);
            other.release(opened);
            other.forget(there, 1);
        }
    }

    @Nested
    @OnServer(ServerKind.DIOD_UNIX)
    class OverDiod extends Contract {}

    @Nested
    @OnServer(ServerKind.QEMU)
    class OverQemu extends Contract {}

    /** Messages that are smaller than what is gathered otherwise. */
    @Nested
    @OnServer(value = ServerKind.QEMU, msize = 8192)
    class InSmallMessages extends Contract {}
}
