package dev.ninepin.share;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.p9.AttrMask;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.Frame;
import dev.ninepin.p9.Message;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.p9.ProtocolException;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rattach;
import dev.ninepin.p9.Rclunk;
import dev.ninepin.p9.Rgetattr;
import dev.ninepin.p9.Rlerror;
import dev.ninepin.p9.Rlopen;
import dev.ninepin.p9.Rread;
import dev.ninepin.p9.Rreaddir;
import dev.ninepin.p9.Rversion;
import dev.ninepin.p9.Rwalk;
import dev.ninepin.p9.Tattach;
import dev.ninepin.p9.Tclunk;
import dev.ninepin.p9.Tgetattr;
import dev.ninepin.p9.Tlopen;
import dev.ninepin.p9.Tread;
import dev.ninepin.p9.Treaddir;
import dev.ninepin.p9.Tversion;
import dev.ninepin.p9.Twalk;
import dev.ninepin.p9.Txattrcreate;
import dev.ninepin.p9.Txattrwalk;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.ScriptedServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Tests with a script that imitates propolis, the hypervisor of Oxide's machines, which does not run on the test host.
 * The script follows {@code p9fs.rs} where propolis differs from other servers: each page of a directory is numbered
 * from 1, and a read returns 31 bytes less than requested.
 */
@Timeout(60)
class PropolisTest {
    private static final int MSIZE = 8192;
    private static final int TRIMMED = 31;
    private static final int ENOTSUP = 95;
    private static final Qid ROOT = new Qid(Qid.DIR, 0, 1);
    private static final Qid FILE = new Qid(0, 0, 2);
    private static final byte[] CONTENT = content();
    private static final List<String> NAMES = IntStream.range(0, 1000)
            .mapToObj(i -> String.format("entry-%04d", i))
            .toList();

    @Test
    void aDirectoryOfManyPagesIsListedOnceAndEnds() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(PropolisTest::serve);
                Share share = open(server)) {
            final long handle = share.opendir(FileOperations.ROOT);
            final List<String> listed = new ArrayList<>();
            final List<Long> cookies = new ArrayList<>();
            share.readdir(handle, 0, entry -> {
                listed.add(entry.name().toString());
                cookies.add(entry.offset());
                return true;
            });
            assertThat(listed).isEqualTo(NAMES);

            // The kernel continues after the last cookie of each buffer.
            final List<String> rest = new ArrayList<>();
            share.readdir(
                    handle, cookies.get(599), entry -> rest.add(entry.name().toString()));
            assertThat(rest).isEqualTo(NAMES.subList(600, NAMES.size()));
            share.releasedir(handle);
        }
    }

    @Test
    void aFileIsReadToItsLastByte() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(PropolisTest::serve);
                Share share = open(server)) {
            final long node =
                    share.lookup(FileOperations.ROOT, ByteString.of("file")).node();
            final long handle = share.open(node, OpenFlags.RDONLY, new NoKernelCache());
            assertRead(share, handle, 0, CONTENT.length, CONTENT.length);
            assertRead(share, handle, 0, 4096, 4096);
            assertRead(share, handle, 8192, 4096, 4096);
            assertRead(share, handle, CONTENT.length - 100, 4096, 100);
            share.release(handle);
        }
    }

    @Test
    void whereTheServerKnowsNoExtendedAttributesWhatTheKernelAsksForIsAskedOnceASecond() throws Exception {
        final AtomicInteger asked = new AtomicInteger();
        try (ScriptedServer server = ScriptedServer.start(client -> serve(client, asked));
                Share share = open(server)) {
            final long begin = System.nanoTime();
            for (int i = 0; i < 1000; i++) {
                assertRefused(() -> share.getxattr(FileOperations.ROOT, ByteString.of("security.capability"), 100));
            }
            final long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin);
            assertThat(asked.get()).isBetween(1, (int) seconds + 1);
        }
    }

    /** After ENOSYS the kernel would never ask again, even if the server later answers, or does so for other files. */
    @Test
    void whereTheServerKnowsNoExtendedAttributesTheyAreRefused() throws Exception {
        try (ScriptedServer server = ScriptedServer.start(client -> serve(client, new AtomicInteger()));
                Share share = open(server)) {
            final ByteString name = ByteString.of("user.name");
            for (int i = 0; i < 3; i++) {
                assertRefused(() -> share.getxattr(FileOperations.ROOT, name, 100));
                assertRefused(() -> share.listxattr(FileOperations.ROOT, 100));
                assertRefused(() -> share.setxattr(
                        new Caller(0, 0), FileOperations.ROOT, name, ByteBuffer.wrap(CONTENT, 0, 10), 0));
            }
        }
    }

    private static void assertRefused(final ThrowingCallable call) {
        assertThatThrownBy(call).satisfies(e -> assertThat(Errno.of(e)).isEqualTo(Errno.EOPNOTSUPP));
    }

    private static void assertRead(
            final Share share, final long handle, final int offset, final int count, final int expected)
            throws IOException {
        try (ReadResult result = share.read(handle, offset, count)) {
            assertThat(result.data()).isEqualTo(ByteBuffer.wrap(CONTENT, offset, expected));
        }
    }

    private static Share open(final ScriptedServer server) throws IOException {
        final Session session = Session.connect(
                StreamChannel.unix(server.socket()), SessionOptions.defaults(0).withMsize(MSIZE));
        return Share.open(session, new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()));
    }

    private static void serve(final SocketChannel client) throws IOException, ProtocolException {
        serve(client, new AtomicInteger());
    }

    /** @param xattrs counts the requests about extended attributes */
    private static void serve(final SocketChannel client, final AtomicInteger xattrs)
            throws IOException, ProtocolException {
        final Map<Integer, Qid> fids = new HashMap<>();
        while (true) {
            final Frame request;
            try {
                request = ScriptedServer.receiveFrame(client);
            } catch (final ScriptedServer.ClientGoneException e) {
                return;
            }
            if (request.message() instanceof Txattrwalk || request.message() instanceof Txattrcreate) {
                xattrs.incrementAndGet();
            }
            ScriptedServer.sendAll(client, ScriptedServer.frame(request.tag(), answer(request.message(), fids)));
        }
    }

    private static Message answer(final Message request, final Map<Integer, Qid> fids) {
        if (request instanceof Tversion version) {
            return new Rversion(version.msize(), version.version());
        }
        if (request instanceof Tattach attach) {
            fids.put(attach.fid(), ROOT);
            return new Rattach(ROOT);
        }
        if (request instanceof Twalk walk) {
            final Qid target = walk.names().isEmpty() ? fids.get(walk.fid()) : FILE;
            fids.put(walk.newfid(), target);
            // The reply has one qid, however many names are walked.
            return new Rwalk(walk.names().isEmpty() ? List.of() : List.of(target));
        }
        if (request instanceof Tlopen open) {
            return new Rlopen(fids.get(open.fid()), 0);
        }
        if (request instanceof Tgetattr getattr) {
            return attributes(fids.get(getattr.fid()));
        }
        if (request instanceof Tread read) {
            final int from = (int) Math.min(read.offset(), CONTENT.length);
            final int count = Math.min(Math.max(read.count() - TRIMMED, 0), CONTENT.length - from);
            return new Rread(ByteBuffer.wrap(CONTENT, from, count).slice());
        }
        if (request instanceof Treaddir readdir) {
            return page((int) readdir.offset());
        }
        return request instanceof Tclunk ? new Rclunk() : new Rlerror(ENOTSUP);
    }

    private static Message page(final int skipped) {
        final ByteBuffer page = ByteBuffer.allocate(MSIZE).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = skipped; i < NAMES.size() && page.position() < MSIZE - 100; i++) {
            new Dirent(FILE, i - skipped + 1, 8, ByteString.of(NAMES.get(i))).encode(page);
        }
        return new Rreaddir(page.flip());
    }

    private static Message attributes(final Qid qid) {
        final int mode = qid.equals(ROOT) ? 0040755 : 0100644;
        return new Rgetattr(
                AttrMask.BASIC, qid, mode, 0, 0, 1, 0, CONTENT.length, 4096, 40, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0);
    }

    private static byte[] content() {
        final byte[] content = new byte[20_000];
        new Random(1).nextBytes(content);
        return content;
    }
}
