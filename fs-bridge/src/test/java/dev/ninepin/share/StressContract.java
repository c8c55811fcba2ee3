package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.ErrnoException;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.DeadlockWatch;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

/**
 * A stress test, in which many threads do random operations on a few names, as the processes of a mount may. They hold
 * the locks that the kernel takes: changes of a directory are serialized, and so are renames of directories.
 *
 * <p>An operation may fail only with an errno that such a race explains. Afterwards the share must agree with the
 * server, and nothing may be left over.
 */
abstract class StressContract extends ShareFixture {
    private static final int THREADS = 16;
    private static final int ROUNDS = 250;
    private static final int EINVAL = 22;
    private static final int ENXIO = 6;
    private static final Set<Integer> EXPLAINED = Set.of(
            Errno.ENOENT,
            Errno.EEXIST,
            Errno.ENOTDIR,
            Errno.EISDIR,
            Errno.ENOTEMPTY,
            Errno.ESTALE,
            // A rename of a directory into itself, or a readlink of a file that is not a link.
            EINVAL,
            // A symbolic link has replaced a file that was about to be opened.
            Errno.ELOOP,
            ENXIO,
            // A directory has replaced a file.
            Errno.EPERM,
            Errno.EACCES);

    /** The kernel's inode locks, by node ID (Linux, Documentation/filesystems/directory-locking.rst). */
    private final Map<Long, Lock> inodeLocks = new ConcurrentHashMap<>();

    private final Lock renames = new ReentrantLock();
    private final LongAdder tried = new LongAdder();

    @Test
    void whateverIsDoneAtTheSameTimeTheShareIsAsTheServerHasIt() throws Exception {
        final List<BackgroundCall<Integer>> users = new ArrayList<>();
        int done = 0;
        for (int i = 0; i < THREADS; i++) {
            final User user = new User(new Random(i));
            users.add(BackgroundCall.start("user " + i, user::live));
        }
        try (DeadlockWatch watch = DeadlockWatch.over(tried::sum)) {
            for (final BackgroundCall<Integer> user : users) {
                done += user.result();
                user.close();
            }
        }

        assertThat(done).as("operations that succeeded").isGreaterThan(THREADS * ROUNDS / 10);
        assertSame(ROOT, export);
        forgetAll();
        // The root's fid, and perhaps one for the next file that is created in the root.
        await().untilAsserted(() ->
                assertThat(session.fids().used()).isEqualTo(1 + session.fids().ahead()));
        assertThat(session.fids().ahead()).isLessThanOrEqualTo(1);
        assertThat(channel.fids()).hasSize(session.fids().used());
        assertThat(session.status().tagsUsed()).isZero();
    }

    private void assertSame(final long directory, final Path onDisk) throws IOException {
        final List<String> names = list(directory);
        try (var files = Files.list(onDisk)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrderElementsOf(names);
        }
        for (final String name : names) {
            final long node = counted(share.lookup(directory, name(name)));
            final Path file = onDisk.resolve(name);
            final Attributes attributes = share.getattr(node);
            final long number = (Long) Files.getAttribute(file, "unix:ino", LinkOption.NOFOLLOW_LINKS);
            if (server.kind() == ServerKind.GANESHA && attributes.ino() != number) {
                // nfs-ganesha does not tell whether links in two directories are the same file, so they get numbers of
                // Ninepin's own.
                assertThat(attributes.ino()).isGreaterThan(1L << 62);
            } else {
                assertThat(attributes.ino()).isEqualTo(number);
            }
            switch (attributes.mode() >> 12) {
                case 4 -> assertSame(node, file);
                case 10 -> assertThat(share.readlink(node)).isEqualTo(name("target"));
                default -> {
                    final long handle = share.open(node, OpenFlags.RDONLY, NO_KERNEL);
                    assertThat(read(handle, 0, 1 << 16)).isEqualTo(Files.readAllBytes(file));
                    share.release(handle);
                }
            }
        }
    }

    /** An operation under a lock. */
    @FunctionalInterface
    private interface Work<T> {
        T run() throws IOException;
    }

    /** A user of the share that does random operations. */
    private final class User {
        private final Random random;
        private final List<Long> handles = new ArrayList<>();
        private final List<Long> counted = new ArrayList<>();
        private int done;

        private User(final Random random) {
            this.random = random;
        }

        private int live() throws IOException {
            for (int i = 0; i < ROUNDS; i++) {
                tried.increment();
                try {
                    act();
                    done++;
                } catch (final IOException e) {
                    if (!EXPLAINED.contains(Errno.of(e))) {
                        throw e;
                    }
                }
            }
            while (!handles.isEmpty()) {
                share.release(handles.remove(0));
            }
            while (!counted.isEmpty()) {
                share.forget(counted.remove(0), 1);
            }
            return done;
        }

        private void act() throws IOException {
            final long directory = directory();
            final String name = anyName();
            switch (random.nextInt(14)) {
                case 0, 1 -> create(directory, name);
                case 2 -> keep(locked(directory, () -> share.mkdir(me, directory, name(name), 0755)));
                case 3 -> keep(locked(directory, () -> share.symlink(me, directory, name(name), name("target"))));
                case 4, 5 -> locked(directory, () -> remove(directory, name));
                case 6, 7, 8 -> rename(directory, name, directory(), anyName());
                case 9 -> link(node(directory, name), directory());
                case 10 -> use(open(directory, name));
                case 11 -> change(keep(share.lookup(directory, name(name))));
                case 12 -> list(directory);
                default -> relax();
            }
        }

        /** Returns whether a name is a directory. The kernel, too, looks a name up again before it removes it. */
        private boolean isDirectory(final long directory, final String name) throws IOException {
            return keep(share.lookup(directory, name(name))).attributes().mode() >> 12 == 4;
        }

        private boolean remove(final long directory, final String name) throws IOException {
            if (isDirectory(directory, name)) {
                share.rmdir(directory, name(name));
            } else {
                share.unlink(directory, name(name));
            }
            return true;
        }

        private void rename(final long from, final String name, final long to, final String newName)
                throws IOException {
            renames.lock();
            try {
                locked(
                        Math.min(from, to),
                        () -> locked(Math.max(from, to), () -> {
                            final boolean moved = isDirectory(from, name);
                            if (isDirectoryIfThere(to, newName, moved) != moved) {
                                throw new ErrnoException(moved ? Errno.ENOTDIR : Errno.EISDIR, "of the other kind");
                            }
                            share.rename(from, name(name), to, name(newName));
                            return true;
                        }));
            } finally {
                renames.unlock();
            }
        }

        private boolean isDirectoryIfThere(final long directory, final String name, final boolean otherwise)
                throws IOException {
            try {
                return isDirectory(directory, name);
            } catch (final IOException e) {
                if (Errno.of(e) == Errno.ENOENT) {
                    return otherwise;
                }
                throw e;
            }
        }

        private void link(final long file, final long directory) throws IOException {
            final String name = anyName();
            keep(locked(directory, () -> share.link(file, directory, name(name))));
        }

        private <T> T locked(final long node, final Work<T> work) throws IOException {
            final Lock lock = inodeLocks.computeIfAbsent(node, ignored -> new ReentrantLock());
            lock.lock();
            try {
                return work.run();
            } finally {
                lock.unlock();
            }
        }

        private void change(final Entry entry) throws IOException {
            if (entry.attributes().mode() >> 12 == 8) {
                share.setattr(entry.node(), random.nextBoolean() ? mode(0755) : size(random.nextInt(9)));
            }
        }

        private long open(final long directory, final String name) throws IOException {
            final long node = node(directory, name);
            if (share.getattr(node).mode() >> 12 != 8) {
                // The kernel opens only regular files through this operation.
                throw new ErrnoException(Errno.ENOENT, "no file");
            }
            return share.open(node, OpenFlags.RDWR, NO_KERNEL);
        }

        private void create(final long directory, final String name) throws IOException {
            final Created created =
                    locked(directory, () -> share.create(me, directory, name(name), OpenFlags.RDWR, 0644, NO_KERNEL));
            keep(created.entry());
            use(created.handle());
        }

        private void use(final long handle) throws IOException {
            handles.add(handle);
            share.write(handle, random.nextInt(5), ByteBuffer.wrap(new byte[random.nextInt(300)]), OpenFlags.RDWR);
            share.read(handle, 0, 1000).close();
        }

        private void relax() throws IOException {
            if (!handles.isEmpty()) {
                share.release(handles.remove(random.nextInt(handles.size())));
            }
            for (int i = 0; i < 5 && !counted.isEmpty(); i++) {
                share.forget(counted.remove(random.nextInt(counted.size())), 1);
            }
        }

        private long directory() throws IOException {
            if (random.nextInt(3) == 0) {
                return ROOT;
            }
            final Entry entry = keep(share.lookup(ROOT, name(anyName())));
            if (entry.attributes().mode() >> 12 != 4) {
                throw new ErrnoException(Errno.ENOTDIR, "no directory");
            }
            return entry.node();
        }

        private long node(final long directory, final String name) throws IOException {
            return keep(share.lookup(directory, name(name))).node();
        }

        private Entry keep(final Entry entry) {
            counted.add(entry.node());
            return entry;
        }

        private String anyName() {
            return "abcdef".substring(random.nextInt(6)).substring(0, 1);
        }
    }
}
