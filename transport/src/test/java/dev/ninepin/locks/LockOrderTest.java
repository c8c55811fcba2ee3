package dev.ninepin.locks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.session.fid.DirectoryMoves;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LockOrderTest {
    private final LockOrder order = new LockOrder();

    @Test
    void whatIsTakenInTheOrderThatWasLaidDownIsRight() {
        take("NameLocks", "OpenDirectory", "DirectoryMoves", "OpenFile", "Inodes", "PathFids", "FidNumbers");
        assertThat(order.takeViolations()).isEmpty();
    }

    @Test
    void whatIsTakenTheOtherWayRoundIsNamedWithItsPlace() {
        take("PathFids", "Inodes");
        assertThat(order.takeViolations())
                .singleElement()
                .asString()
                .startsWith("Inodes is taken under PathFids, which is to be taken after it")
                .contains("LockOrderTest.whatIsTakenTheOtherWayRoundIsNamedWithItsPlace");
        assertThat(order.takeViolations()).isEmpty();
    }

    @Test
    void otherLocksHaveTheOrderInWhichTheyWereSeenFirstAlsoOverThirdOnes() {
        take("A", "B");
        take("B", "C");
        take("A", "C");
        assertThat(order.takeViolations()).isEmpty();
        take("C", "A");
        assertThat(order.takeViolations()).singleElement().asString().startsWith("A is taken under C, which was");
    }

    @Test
    void twoOfAKindAreNotTakenButOneTwiceIs() {
        final Object lock = new Object();
        order.taking(lock, "Inodes");
        order.taking(lock, "Inodes");
        order.gave(lock);
        assertThat(order.takeViolations()).isEmpty();
        order.taking(new Object(), "Inodes");
        assertThat(order.takeViolations()).singleElement().asString().startsWith("two locks of Inodes");
    }

    @Test
    void nothingIsTakenUnderTheLast() {
        take("CachedData", "Inodes");
        assertThat(order.takeViolations()).singleElement().asString().startsWith("Inodes is taken under CachedData");
    }

    @Test
    void requestsAreSentUnderTheLocksAboveTheLineOnly() {
        take("NameLocks", "OpenDirectory", order::asking);
        assertThat(order.takeViolations()).isEmpty();
        take("NameLocks", "Inodes", order::asking);
        assertThat(order.takeViolations()).singleElement().asString().startsWith("Inodes is held while a request");
        order.asking();
        assertThat(order.takeViolations()).isEmpty();
    }

    @Test
    void whatAsksTheServerIsWhereTheTransformerLooksForIt() throws ClassNotFoundException {
        for (final Map.Entry<String, Set<String>> asking : LockCalls.ASKING.entrySet()) {
            assertThat(Class.forName(asking.getKey().replace('/', '.')).getDeclaredMethods())
                    .extracting(Method::getName)
                    .containsAll(asking.getValue());
        }
    }

    @Test
    void theProductsClassesTellOfTheirMonitorsAndLocks() throws Exception {
        final String name = Sample.class.getName();
        final Object sample = new ClassLoader(getClass().getClassLoader()) {
            @Override
            protected Class<?> loadClass(final String wanted, final boolean resolve) throws ClassNotFoundException {
                return wanted.equals(name) ? define() : super.loadClass(wanted, resolve);
            }

            private Class<?> define() {
                final byte[] bytes = LockCalls.transformed(name.replace('.', '/'), Sample.bytes());
                return defineClass(name, bytes, 0, bytes.length);
            }
        }.loadClass(name).getDeclaredConstructor().newInstance();
        LockWatch.ORDER.takeViolations();
        for (final String method :
                List.of("inOrder", "throwing", "inOrder", "interrupted", "inOrder", "tried", "inOrder")) {
            try {
                sample.getClass().getMethod(method).invoke(sample);
            } catch (final InvocationTargetException e) {
                assertThat(e.getCause()).isInstanceOfAny(IllegalStateException.class, InterruptedException.class);
            }
        }
        assertThat(LockWatch.ORDER.takeViolations()).isEmpty();
        for (final String method : List.of("outOfOrder", "triedOutOfOrder")) {
            sample.getClass().getMethod(method).invoke(sample);
            assertThat(LockWatch.ORDER.takeViolations()).isNotEmpty();
        }
    }

    @Test
    void theProductIsWatchedInThisVeryRun() throws Exception {
        final Object lock = new Object();
        LockWatch.taking(lock, "dev.ninepin.share.cache.CachedData");
        new DirectoryMoves().beginRename().close();
        LockWatch.gave(lock);
        assertThat(LockWatch.ORDER.takeViolations())
                .singleElement()
                .asString()
                .startsWith("DirectoryMoves is taken under CachedData");
    }

    @Test
    void whatIsCheckedIsWrittenDown() throws Exception {
        final String page = Files.readString(Path.of("../docs/architecture.md"));
        final int start = page.indexOf("## Locks and their order");
        final String section = page.substring(start, page.indexOf("\n## ", start + 1));
        final Stream<String> known =
                Stream.concat(LockOrder.RANKS.stream().flatMap(rank -> rank.stream()), LockOrder.LAST.stream());
        assertThat(known).allSatisfy(kind -> assertThat(section).contains(kind));
    }

    private void take(final String first, final String second, final Runnable then) {
        final Object one = new Object();
        final Object other = new Object();
        order.taking(one, first);
        order.taking(other, second);
        then.run();
        order.gave(other);
        order.gave(one);
    }

    private void take(final String... kinds) {
        final Object[] locks = Stream.of(kinds).map(kind -> new Object()).toArray();
        for (int i = 0; i < kinds.length; i++) {
            order.taking(locks[i], kinds[i]);
        }
        Stream.of(locks).forEach(order::gave);
    }

    /** A class with a monitor and a lock. The lock belongs to the class, so both have the same kind. */
    public static final class Sample {
        private final Lock lock = new ReentrantLock();

        public Sample() {}

        public synchronized int inOrder() {
            final Object same = this;
            synchronized (same) {
                return 1;
            }
        }

        public synchronized void throwing() {
            throw new IllegalStateException("thrown while the lock is held");
        }

        public void interrupted() throws InterruptedException {
            Thread.currentThread().interrupt();
            lock.lockInterruptibly();
        }

        public void tried() throws InterruptedException {
            if (lock.tryLock() && lock.tryLock(1, TimeUnit.SECONDS)) {
                lock.unlock();
                lock.unlock();
            }
        }

        public void triedOutOfOrder() {
            if (lock.tryLock()) {
                inOrder();
                lock.unlock();
            }
        }

        public void outOfOrder() {
            lock.lock();
            try {
                inOrder();
            } finally {
                lock.unlock();
            }
        }

        static byte[] bytes() {
            try (InputStream in = Sample.class.getResourceAsStream("LockOrderTest$Sample.class")) {
                return in.readAllBytes();
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
