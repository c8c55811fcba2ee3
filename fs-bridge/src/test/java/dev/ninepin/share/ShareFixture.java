package dev.ninepin.share;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.operations.KernelCache;
import dev.ninepin.operations.ReadResult;
import dev.ninepin.operations.Timestamp;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.SessionFixture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * A share of a real server, for tests that use it as the kernel does: they count the nodes that they receive, and
 * forget them at the end. After each test, the server must hold no fids, and the export must contain no hidden files
 * that were removed while open.
 */
public abstract class ShareFixture extends SessionFixture {
    /** A kernel without cached data. */
    protected static final KernelCache NO_KERNEL = new NoKernelCache();

    protected Share share;
    protected Caller me;

    private final Map<Long, Long> lookups = new ConcurrentHashMap<>();

    @BeforeEach
    void openShare() throws IOException {
        me = new Caller(uid(), (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:gid"));
        share = open(new ShareOptions(cache(), OptionalInt.empty(), OptionalInt.empty()));
    }

    /** Returns the cache mode of {@link #share}. */
    protected CacheMode cache() {
        return CacheMode.NONE;
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        if (session.status().connected()) {
            forgetAll();
            await().untilAsserted(() ->
                    assertThat(session.fids().used()).isEqualTo(channel.fids().size()));
            assertThat(channel.doubtfulFids()).isEmpty();
            share.close();
            assertThat(channel.fidsAtLastVersion()).isEmpty();
            assertThat(session.status().strayReplies()).isZero();
        }
        try (var files = Files.walk(export)) {
            assertThat(files.map(file -> file.getFileName().toString())).noneMatch(name -> name.startsWith(".ninepin"));
        }
    }

    protected Share open(final ShareOptions options) throws IOException {
        return Share.open(connect(options()), options);
    }

    /** Forgets all nodes that were counted. */
    protected void forgetAll() {
        lookups.forEach(share::forget);
        lookups.clear();
    }

    protected long counted(final Entry entry) {
        lookups.merge(entry.node(), 1L, Long::sum);
        return entry.node();
    }

    protected Created counted(final Created created) {
        counted(created.entry());
        return created;
    }

    /** Looks up each name of a path, and returns the node of the last one. */
    protected long lookup(final String path) throws IOException {
        long node = FileOperations.ROOT;
        for (final String name : path.split("/", -1)) {
            node = counted(share.lookup(node, name(name)));
        }
        return node;
    }

    protected long mkdir(final long parent, final String name) throws IOException {
        return counted(share.mkdir(me, parent, name(name), 0755));
    }

    protected Created create(final long parent, final String name, final int flags) throws IOException {
        return counted(share.create(me, parent, name(name), flags, 0644, NO_KERNEL));
    }

    /** Creates a file with the given data, and returns its node. */
    protected long file(final long parent, final String name, final byte[] data) throws IOException {
        final Created created = create(parent, name, OpenFlags.RDWR);
        assertThat(share.write(created.handle(), 0, ByteBuffer.wrap(data), OpenFlags.RDWR))
                .isEqualTo(data.length);
        share.release(created.handle());
        return created.entry().node();
    }

    protected int write(final long handle, final long offset, final String data, final int flags) throws IOException {
        return share.write(handle, offset, ByteBuffer.wrap(data.getBytes(UTF_8)), flags);
    }

    protected byte[] read(final long handle, final long offset, final int count) throws IOException {
        try (ReadResult result = share.read(handle, offset, count)) {
            final byte[] bytes = new byte[result.data().remaining()];
            result.data().get(bytes);
            return bytes;
        }
    }

    protected String text(final long handle) throws IOException {
        return new String(read(handle, 0, 1000), UTF_8);
    }

    protected List<String> list(final long directory) throws IOException {
        final long handle = share.opendir(directory);
        final List<Dirent> entries;
        try {
            entries = readAll(handle, 0, Integer.MAX_VALUE);
        } finally {
            share.releasedir(handle);
        }
        return entries.stream()
                .map(entry -> entry.name().toString())
                .filter(name -> !name.equals(".") && !name.equals(".."))
                .sorted()
                .toList();
    }

    /** Returns the entries from {@code offset} on, with a kernel buffer for {@code atOnce} entries. */
    protected List<Dirent> readAll(final long handle, final long offset, final int atOnce) throws IOException {
        final List<Dirent> all = new ArrayList<>();
        long cookie = offset;
        while (true) {
            final List<Dirent> page = readPage(handle, cookie, atOnce);
            if (page.isEmpty()) {
                return all;
            }
            all.addAll(page);
            cookie = page.get(page.size() - 1).offset();
        }
    }

    protected List<Dirent> readPage(final long handle, final long offset, final int atOnce) throws IOException {
        final List<Dirent> page = new ArrayList<>();
        share.readdir(handle, offset, entry -> page.size() < atOnce && page.add(entry));
        return page;
    }

    public static void assertErrno(final int errno, final ThrowingCallable call) {
        assertThatThrownBy(call)
                .satisfies(e -> assertThat(Errno.of(e)).as("%s", e).isEqualTo(errno));
    }

    protected static AttributeChange size(final long bytes) {
        return AttributeChange.size(bytes);
    }

    protected static AttributeChange mode(final int mode) {
        return AttributeChange.mode(mode);
    }

    protected static AttributeChange owner(final int uid, final int gid) {
        return AttributeChange.owner(OptionalInt.of(uid), OptionalInt.of(gid));
    }

    protected static AttributeChange times(final Timestamp atime, final Timestamp mtime) {
        return new AttributeChange(
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalLong.empty(),
                Optional.of(new AttributeChange.TimeChange(Optional.of(atime))),
                Optional.of(new AttributeChange.TimeChange(Optional.of(mtime))),
                false);
    }

    protected static ByteString bytes(final int... values) {
        final byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return ByteString.copyOf(bytes);
    }
}
