package dev.ninepin.fuse.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.fuse.MemoryFiles;
import dev.ninepin.fuse.lib.LibFuse;
import dev.ninepin.fuse.lib.Native;
import dev.ninepin.fuse.mount.KernelLimits;
import dev.ninepin.fuse.protocol.ReceivedRequest;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.os.LibC;
import dev.ninepin.os.NativeString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import jnr.ffi.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests of the negotiation with old and new kernels, over a libfuse session without a real kernel. */
class NegotiationTest {
    private static final long UNIQUE = 0x1122334455667788L;
    private static final int EVERY_FLAG = ~0;

    private static final int ASYNC_READ = 1;
    private static final int BIG_WRITES = 1 << 5;
    private static final int AUTO_INVAL_DATA = 1 << 12;
    private static final int DO_READDIRPLUS = 1 << 13;
    private static final int DONT_MASK = 1 << 6;
    private static final int READDIRPLUS_AUTO = 1 << 14;
    private static final int PARALLEL_DIROPS = 1 << 18;
    private static final int MAX_PAGES = 1 << 22;
    private static final int CACHE_SYMLINKS = 1 << 23;
    private static final int HANDLE_KILLPRIV_V2 = 1 << 28;
    private static final int INIT_EXT = 1 << 30;

    /** A flag of the second word. */
    private static final int DIRECT_IO_ALLOW_MMAP = 1 << 4;

    private final LibFuse fuse = LibFuse.get();
    private final Timer timer = new Timer();
    private final Callbacks callbacks = new Callbacks(
            fuse,
            new MemoryFiles(CacheMode.OPEN),
            Errno::of,
            new Notifications(fuse, 0),
            new Interrupts(timer, new RequestSlots()),
            new LateReplies(timer),
            () -> false);
    private final CapturingChannel kernel = new CapturingChannel(fuse, ReceivedRequest.BUFFER_SIZE);
    private final Pointer name = NativeString.of("ninepin".getBytes(US_ASCII));

    /** The options that fuse_mount does not remove. */
    private final Pointer option =
            NativeString.of(("-obig_writes,max_write=" + ReceivedRequest.MAX_WRITE).getBytes(US_ASCII));

    private final long session;

    /** The negotiation of the last {@link #answer}. */
    private Negotiation negotiation;

    NegotiationTest() throws IOException {
        final Pointer words = Native.allocate(3 * Long.BYTES);
        words.putPointer(0, name);
        words.putPointer(Long.BYTES, option);
        final Pointer arguments = Native.allocate(24);
        arguments.putInt(0, 2);
        arguments.putPointer(Long.BYTES, words);
        session = fuse.fuse_lowlevel_new(arguments, callbacks.table(), callbacks.tableSize(), 0);
        assertThat(session).isNotZero();
    }

    @AfterEach
    void destroy() {
        fuse.fuse_session_destroy(session);
        kernel.close();
        timer.close();
    }

    /** Before version 7.23, the kernel accepts libfuse's short answer, but not a longer one. */
    @ParameterizedTest
    @ValueSource(ints = {12, 19, 22})
    void aKernelThatKnowsNoMoreThanLibfuseGetsItsAnswer(final int minor) {
        final ByteBuffer answer = answer(CacheMode.LOOSE, minor, EVERY_FLAG);

        assertThat(answer.capacity()).isEqualTo(16 + 24);
        assertThat(answer.getInt(16 + 4)).as("minor").isEqualTo(19);
        assertThat(flags(answer)).isEqualTo(ASYNC_READ | BIG_WRITES | DONT_MASK);
        assertThat(callbacks.readiness().isInitialised()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {23, 31, 37})
    void aNewerKernelIsSpokenToInItsOwnVersion(final int minor) {
        final ByteBuffer answer = answer(CacheMode.OPEN, minor, EVERY_FLAG);

        assertThat(answer.capacity()).isEqualTo(16 + 64);
        assertThat(answer.getInt(16)).as("major").isEqualTo(7);
        assertThat(answer.getInt(16 + 4)).as("minor").isEqualTo(minor);
        assertThat(flags(answer))
                .isEqualTo(ASYNC_READ
                        | BIG_WRITES
                        | DONT_MASK
                        | DO_READDIRPLUS
                        | READDIRPLUS_AUTO
                        | PARALLEL_DIROPS
                        | MAX_PAGES
                        | HANDLE_KILLPRIV_V2);
        assertThat(answer.getInt(16 + 20)).as("max_write").isEqualTo(ReceivedRequest.MAX_WRITE);
        assertThat(answer.getShort(16 + 28) * LibC.get().getpagesize())
                .as("max_pages")
                .isEqualTo(KernelLimits.LARGEST_READ);
        for (int i = 16 + 32; i < answer.capacity(); i++) {
            assertThat(answer.get(i)).as("flags2 and what is unused").isZero();
        }
        assertThat(callbacks.readiness().isInitialised()).isTrue();
    }

    @Test
    void aKernelFromTheFutureIsToldHowFarWeGo() {
        assertThat(answer(CacheMode.OPEN, 99, EVERY_FLAG).getInt(16 + 4)).isEqualTo(Negotiation.MINOR);
    }

    @Test
    void nothingIsSettledThatTheKernelDidNotOffer() {
        final ByteBuffer answer = answer(CacheMode.LOOSE, 31, ASYNC_READ | PARALLEL_DIROPS, 0);

        assertThat(flags(answer)).isEqualTo(ASYNC_READ | BIG_WRITES | PARALLEL_DIROPS);
        assertThat(answer.getShort(16 + 28)).as("max_pages").isZero();
    }

    @Test
    void linksAreKeptOnlyWhereAllIsKept() {
        assertThat(flags(answer(CacheMode.LOOSE, 31, EVERY_FLAG)) & CACHE_SYMLINKS)
                .isNotZero();
    }

    @Test
    void listingsComeWithoutAttributesWhereThoseAreNotKept() {
        assertThat(flags(answer(CacheMode.NONE, 31, EVERY_FLAG)) & (DO_READDIRPLUS | READDIRPLUS_AUTO | CACHE_SYMLINKS))
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({"0,1", "1,0"})
    void listingsComeWithoutAttributesWhereAttributesOrNamesExpireAtOnce(final int attributes, final int names) {
        final Timeouts timeouts =
                new Timeouts(Duration.ofSeconds(attributes), Duration.ofSeconds(names), Duration.ofSeconds(1));
        assertThat(flags(answer(CacheMode.OPEN, timeouts, 31, EVERY_FLAG, 0)) & (DO_READDIRPLUS | READDIRPLUS_AUTO))
                .isZero();
    }

    @Test
    void aKernelThatMapsUncachedFilesNeedNotLookBeforeItReads() {
        final ByteBuffer answer = answer(CacheMode.NONE, 39, EVERY_FLAG, EVERY_FLAG);

        assertThat(flags(answer) & (INIT_EXT | AUTO_INVAL_DATA)).isEqualTo(INIT_EXT);
        assertThat(flags2(answer)).isEqualTo(DIRECT_IO_ALLOW_MMAP);
        assertThat(negotiation.canMapUncached()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"-1,0xffffffef", "0xbfffffff,-1"})
    void aKernelThatDoesNotLooksBeforeItReads(final String offered, final String offered2) {
        final ByteBuffer answer = answer(
                CacheMode.NONE,
                36,
                Long.decode(offered).intValue(),
                Long.decode(offered2).intValue());

        assertThat(flags(answer) & (INIT_EXT | AUTO_INVAL_DATA)).isEqualTo(AUTO_INVAL_DATA);
        assertThat(flags2(answer)).isZero();
        assertThat(negotiation.canMapUncached()).isFalse();
    }

    private static int flags(final ByteBuffer answer) {
        return answer.getInt(16 + 12);
    }

    private static int flags2(final ByteBuffer answer) {
        return answer.getInt(16 + 32);
    }

    private ByteBuffer answer(final CacheMode cache, final int minor, final int offered) {
        return answer(cache, minor, offered, 0);
    }

    private ByteBuffer answer(final CacheMode cache, final int minor, final int offered, final int offered2) {
        return answer(cache, Timeouts.of(cache), minor, offered, offered2);
    }

    /** Returns the answer to an INIT: {@code struct fuse_out_header} and {@code struct fuse_init_out}. */
    private ByteBuffer answer(
            final CacheMode cache, final Timeouts timeouts, final int minor, final int offered, final int offered2) {
        final ByteBuffer request =
                ByteBuffer.allocateDirect(ReceivedRequest.BUFFER_SIZE).order(ByteOrder.nativeOrder());
        final int size = minor < 36 ? 16 : 64;
        request.putInt(40 + size).putInt(26).putLong(UNIQUE).putLong(0);
        request.putInt(0).putInt(0).putInt(0).putInt(0);
        request.putInt(7)
                .putInt(minor)
                .putInt(131072)
                .putInt(offered)
                .putInt(offered2)
                .clear();

        negotiation = new Negotiation(fuse, kernel.address(), cache, timeouts, true);
        negotiation.answer(session, request, 40 + size);

        final ByteBuffer answer = ByteBuffer.wrap(kernel.take()).order(ByteOrder.nativeOrder());
        assertThat(answer.getInt(0)).as("length").isEqualTo(answer.capacity());
        assertThat(answer.getInt(4)).as("error").isZero();
        assertThat(answer.getLong(8)).as("unique").isEqualTo(UNIQUE);
        return answer;
    }
}
