package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Tests of mounts with {@code locks=remote}. */
class RemoteLocksTest {
    /** QEMU replies success to every lock request, but sets no lock. */
    @Nested
    class OverQemu extends RemoteLocksContract {
        OverQemu() throws IOException {
            super(ServerKind.QEMU);
        }

        @Test
        void whoeverUnlocksIsHeardHoweverManyWait() throws Exception {
            mount().python("""
                    import threading
                    held = os.open('file', os.O_RDONLY | os.O_CREAT)
                    fcntl.flock(held, fcntl.LOCK_EX)
                    said = []

                    def wait(fd):
                        try:
                            fcntl.flock(fd, fcntl.LOCK_SH)
                            said.append('locked')
                        except OSError as e:
                            said.append(errno.errorcode[e.errno])

                    waiting = [threading.Thread(target=wait, args=[os.open('file', os.O_RDONLY)]) for n in range(530)]
                    for each in waiting:
                        each.start()
                    # 512 may wait, so that threads are left for what else there is to do.
                    until(lambda: len(said) == 18, 60)
                    assert os.listdir('.') == ['file'] and set(said) == {'ENOLCK'}
                    fcntl.flock(held, fcntl.LOCK_UN)
                    for each in waiting:
                        each.join()
                    assert said.count('locked') == 512
                    """);
        }
    }

    /** diod implements locks with flock(2). */
    @Nested
    class OverDiod extends RemoteLocksContract {
        OverDiod() throws IOException {
            super(ServerKind.DIOD_UNIX);
        }

        @Test
        void twoMountsExcludeEachOther() throws Exception {
            withAnother("""
                    a, b = Other(), Other(B)
                    for each in (a, b):
                        each("fd = os.open('file', os.O_RDWR | os.O_CREAT)")
                    for take, share, free in (('lock(fd, WR, 3, 4)', 'lock(fd, RD, 3, 4)', 'lock(fd, UN)'),
                            ('fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)', 'fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)',
                             'fcntl.flock(fd, fcntl.LOCK_UN)')):
                        a(take)
                        b.fails('EAGAIN', take)
                        b.fails('EAGAIN', share)
                        # Nobody here: who it is the server does not say, nor which bytes.
                        assert b('in_the_way(fd, RD)') == (WR, 0, 0, 0)
                        a(free)
                        assert b('in_the_way(fd, RD)') is None
                        b(share)
                        a(share)
                        a.fails('EAGAIN', take)
                        b(free)
                        a(take)
                        b.fails('EAGAIN', share)
                        # Less than it was lets others share.
                        a(share)
                        b(share)
                        a(free)
                        b(take)
                        a.fails('EAGAIN', share)
                        b(free)
                    """);
        }

        @Test
        void aWaitForAnotherMountEndsWhenTheLockIsFreeOrForASignal() throws Exception {
            withAnother("""
                    a, b = Other(), Other(B)
                    for each in (a, b):
                        each("fd = os.open('file', os.O_RDWR | os.O_CREAT)")
                    take, free = 'lock(fd, WR, wait=True)', 'lock(fd, UN)'
                    a(take)
                    b.tell('(%s, time.monotonic())[1]' % take)
                    b.waits()
                    freed = a('(time.monotonic(), %s)[0]' % free)
                    assert b.answer() >= freed
                    waited = []
                    for n in range(5):
                        a.tell('interrupted(lambda: %s)' % take)
                        a.waits()
                        sent = time.monotonic()
                        os.kill(a.pid, signal.SIGUSR1)
                        waited.append(a.answer() - sent)
                    assert sorted(waited)[2] < 0.9, waited
                    # Whoever gave up holds nothing.
                    b(free)
                    b(take)
                    """);
        }

        @Test
        void whoeverIsKilledOnOneMountLetsTheOtherGoOn() throws Exception {
            withAnother("""
                    write('file', b'')
                    for take in ('lock(fd, WR, 5, 5, wait=True)', 'fcntl.flock(fd, fcntl.LOCK_EX)',
                                 'lock(fd, WR, wait=True, ofd=True)'):
                        a, b = Other(), Other(B)
                        for each in (a, b):
                            each("fd = os.open('file', os.O_RDWR)")
                        a(take)
                        b.tell(take)
                        b.waits()
                        a.kill()
                        b.answer()
                        b.kill()
                    """);
        }

        @Test
        void whatIsLockedWasReadAnewAndProcessesOnBothCount() throws Exception {
            withAnother("""
                    write('file', b'0')
                    def task(i):
                        os.chdir(B if i % 2 else '.')
                        fd = os.open('file', os.O_RDWR)
                        for n in range(25):
                            lock(fd, WR, i % 3, wait=True) if n % 2 else fcntl.flock(fd, fcntl.LOCK_EX)
                            if n % 2 == 0:
                                lock(fd, WR, wait=True)
                            os.pwrite(fd, b'%d' % (int(os.pread(fd, 10, 0)) + 1), 0)
                            lock(fd, UN)
                            fcntl.flock(fd, fcntl.LOCK_UN)
                    together(2, task)
                    assert read(S + '/file') == b'50'
                    """);
        }

        @Test
        void aFileThatWasRemovedThereIsLockedStill() throws Exception {
            withAnother("""
                    a, b = Other(), Other(B)
                    for each in (a, b):
                        each("fd = os.open('file', os.O_RDWR | os.O_CREAT)")
                    os.unlink(S + '/file')
                    a('lock(fd, WR)')
                    b.fails('EAGAIN', 'lock(fd, WR)')
                    a('other = os.open("another", os.O_RDWR | os.O_CREAT); os.close(fd)')
                    b('lock(fd, WR)')
                    """);
        }

        @Test
        void locksThatStayHereDoNotExcludeAnotherMount() throws Exception {
            try (TestMount one = MountSetup.of(kind()).mount();
                    TestMount two = one.another()) {
                one.python("""
                        a, b = Other(), Other(sys.argv[1])
                        for each in (a, b):
                            each("fd = os.open('file', os.O_RDWR | os.O_CREAT)")
                            each('lock(fd, WR)')
                            each('fcntl.flock(fd, fcntl.LOCK_EX)')
                        """, two.here("").toString());
                assertThat(one.roundTrips("Tlock")).isZero();
            }
        }
    }
}
