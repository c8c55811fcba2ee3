package dev.ninepin.mounted;

import org.junit.jupiter.api.Test;

/** Tests of locks between processes of this host, which work as on a local file system. */
interface FileLocks extends OnAMount {
    @Test
    default void rangesOfAFileAreLockedByProcesses() throws Exception {
        mount().python("""
                a, b = Other(), Other()
                for each in (a, b):
                    each("fd = os.open('file', os.O_RDWR | os.O_CREAT)")
                a('lock(fd, WR, 10, 10)')
                b.fails('EAGAIN', 'lock(fd, WR, 19, 1)')
                b.fails('EAGAIN', 'lock(fd, RD, 0, 11)')
                b('lock(fd, WR, 0, 10)')
                b('lock(fd, WR, 20)')
                assert b('in_the_way(fd, RD)') == (WR, 10, 10, a.pid)
                assert a('in_the_way(fd, RD)') == (WR, 0, 10, b.pid)
                assert a('in_the_way(fd, RD, 1 << 40, 5)') == (WR, 20, 0, b.pid)
                assert b('in_the_way(fd, WR, 0, 10)') is None

                # A part of it is shared, and a part given up.
                a('lock(fd, RD, 12, 3)')
                b('lock(fd, RD, 12, 3)')
                b.fails('EAGAIN', 'lock(fd, WR, 12, 3)')
                a('lock(fd, UN, 10, 2)')
                b('lock(fd, WR, 10, 2)')
                assert b('in_the_way(fd, RD, 0, 20)') == (WR, 15, 5, a.pid)
                assert b('in_the_way(fd, WR, 0, 20)') == (RD, 12, 3, a.pid)
                b('lock(fd, UN)')
                a('lock(fd, WR)')
                assert b('in_the_way(fd, RD, 7, 1)') == (WR, 0, 0, a.pid)
                a('lock(fd, UN)')
                assert b('in_the_way(fd, WR)') is None
                fails('EBADF', lock, os.open('file', os.O_RDONLY), WR)
                """);
    }

    @Test
    default void aWaitEndsWhenTheLockIsFreeOrForASignal() throws Exception {
        mount().python("""
                a, b = Other(), Other()
                for each in (a, b):
                    each("fd = os.open('file', os.O_RDWR | os.O_CREAT)")
                waits = {'lock(fd, UN)': 'lock(fd, WR, 0, 1, wait=True)',
                         'fcntl.flock(fd, fcntl.LOCK_UN)': 'fcntl.flock(fd, fcntl.LOCK_EX)',
                         'lock(fd, UN, ofd=True)': 'lock(fd, WR, 0, 1, wait=True, ofd=True)'}
                for free, take in waits.items():
                    a(take)
                    b.tell('(%s, time.monotonic())[1]' % take)
                    b.waits()
                    freed = a('(time.monotonic(), %s)[0]' % free)
                    assert b.answer() >= freed
                    b(free)

                    a(take)
                    waited = []
                    for n in range(5):
                        b.tell('interrupted(lambda: %s)' % take)
                        b.waits()
                        sent = time.monotonic()
                        os.kill(b.pid, signal.SIGUSR1)
                        waited.append(b.answer() - sent)
                    # Other requests are given a second, since they may be half done.
                    assert sorted(waited)[2] < 0.9, waited
                    a(free)
                    b(take)
                    b(free)
                """);
    }

    @Test
    default void whoeverIsKilledLeavesNoLock() throws Exception {
        mount().python("""
                write('file', b'')
                takes = ['lock(fd, WR, 5, 5, wait=True)', 'fcntl.flock(fd, fcntl.LOCK_EX)',
                         'lock(fd, WR, wait=True, ofd=True)']
                for take in takes:
                    a, b, c = Other(), Other(), Other()
                    for each in (a, b, c):
                        each("fd = os.open('file', os.O_RDWR)")
                    a(take)
                    b.tell(take)
                    b.waits()
                    c.tell(take)
                    c.waits()
                    # One that waits, and the one that holds.
                    b.kill()
                    a.kill()
                    c.answer()
                    c.kill()
                """);
    }

    @Test
    default void aProcessLosesItsRangesWithAnyDescriptorThatItCloses() throws Exception {
        mount().python("""
                write('file', bytes(100))
                a, b = Other(), Other()
                b("fd = os.open('file', os.O_RDWR)")
                for flags in (os.O_RDWR, os.O_RDONLY):
                    kind = WR if flags == os.O_RDWR else RD
                    a("fd, other, copy = os.open('file', %d), os.open('file', os.O_RDONLY), os.dup(0)" % flags)
                    for close in ('os.close(other)', 'os.dup2(fd, copy); os.close(copy)', 'os.close(fd)'):
                        a('lock(fd, %d, 0, 10); lock(fd, %d, 20, 10)' % (kind, kind))
                        b.fails('EAGAIN', 'lock(fd, WR, 25, 1)')
                        a(close)
                        b('lock(fd, WR)')
                        b('lock(fd, UN)')

                # A child has none of them, and takes none along.
                a("fd = os.open('file', os.O_RDWR); lock(fd, WR)")
                a('''
                child = os.fork()
                if child == 0:
                    fails('EAGAIN', lock, fd, RD)
                    os.close(fd)
                    os._exit(0)
                assert os.waitpid(child, 0)[1] == 0
                ''')
                b.fails('EAGAIN', 'lock(fd, WR)')
                a('os.close(fd)')
                b('lock(fd, WR)')
                """);
    }

    @Test
    default void aWholeFileIsLockedByOpenFileDescriptions() throws Exception {
        mount().python("""
                EX, SH, NOW, FREE = fcntl.LOCK_EX, fcntl.LOCK_SH, fcntl.LOCK_NB, fcntl.LOCK_UN
                a, b = Other(), Other()
                for each in (a, b):
                    each("EX, SH, NOW, FREE = %d, %d, %d, %d" % (EX, SH, NOW, FREE))
                    each("fd = os.open('file', os.O_RDONLY | os.O_CREAT); flock = fcntl.flock")
                a('flock(fd, SH)')
                b('flock(fd, SH | NOW)')
                b.fails('EAGAIN', 'flock(fd, EX | NOW)')
                # As flock(2) says, that was the end of the shared one.
                a('flock(fd, EX | NOW)')
                b.fails('EAGAIN', 'flock(fd, SH | NOW)')
                a('flock(fd, SH)')
                b('flock(fd, SH | NOW)')

                # Two that share, and both want more.
                # Each gives up its shared lock, so either may be first: a request is not yet served when its call began.
                a.tell('flock(fd, EX)')
                a.waits()
                b.tell('flock(fd, EX)')
                first = a if select.select([a.answers, b.answers], [], [], 20)[0] == [a.answers] else b
                first.answer()
                first('flock(fd, FREE)')
                (b if first is a else a).answer()
                b('flock(fd, FREE)')
                a('flock(fd, EX)')

                # Another of the same process is another; a copy is not, and the last one counts.
                a("other, copy = os.open('file', os.O_RDONLY), os.dup(fd)")
                a.fails('EAGAIN', 'flock(other, SH | NOW)')
                a('flock(copy, EX | NOW)')
                a('os.close(fd); os.close(other)')
                b.fails('EAGAIN', 'flock(fd, SH | NOW)')
                a('child = os.fork()\\nif child == 0:\\n    signal.alarm(100)\\n    signal.pause()')
                a('os.close(copy)')
                b.fails('EAGAIN', 'flock(fd, SH | NOW)')
                a('os.kill(child, signal.SIGKILL); os.waitpid(child, 0)')
                # What a process leaves open is closed after it is gone for its parent.
                b('flock(fd, EX)')
                """);
    }

    @Test
    default void anOpenFileDescriptionLocksRanges() throws Exception {
        mount().python("""
                fd = os.open('file', os.O_RDWR | os.O_CREAT)
                other = os.open('file', os.O_RDWR)
                lock(fd, WR, 0, 10, ofd=True)
                fails('EAGAIN', lock, other, RD, 9, 1, ofd=True)
                # Not even the same process has what a description of its own has.
                fails('EAGAIN', lock, fd, WR, 0, 1)
                lock(other, WR, 10, 10, ofd=True)
                copy = os.dup(fd)
                os.close(os.open('file', os.O_RDWR))
                os.close(fd)
                fails('EAGAIN', lock, other, WR, 0, 1, ofd=True)
                os.close(copy)
                lock(other, WR, 0, 1, wait=True, ofd=True)
                """);
    }

    @Test
    default void thoseOfFcntlAndThoseOfFlockAreNotInEachOthersWay() throws Exception {
        mount().python("""
                a, b = Other(), Other()
                for each in (a, b):
                    each("fd = os.open('file', os.O_RDWR | os.O_CREAT)")
                a('fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)')
                b('lock(fd, WR)')
                assert a('in_the_way(fd, WR)') == (WR, 0, 0, b.pid)
                assert b('in_the_way(fd, WR)') is None
                b('lock(fd, UN)')
                b.fails('EAGAIN', 'fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)')
                a('lock(fd, WR)')
                a('fcntl.flock(fd, fcntl.LOCK_UN)')
                b('fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)')
                b.fails('EAGAIN', 'lock(fd, RD)')
                """);
    }

    @Test
    default void twoProcessesThatWaitForEachOtherAreToldSo() throws Exception {
        mount().python("""
                a, b = Other(), Other()
                for each in (a, b):
                    each("one, two = (os.open(name, os.O_RDWR | os.O_CREAT) for name in ('one', 'two'))")
                a('lock(one, WR)')
                b('lock(two, WR)')
                a.tell('lock(two, WR, wait=True)')
                b.tell('lock(one, WR, wait=True)')

                # The one whose wait began last is told, and the other has the lock once that one has none.
                def one_goes_on():
                    told, other = (a, b) if select.select([a.answers, b.answers], [], [], 20)[0] == [a.answers] else (b, a)
                    fails('EDEADLK', told.answer)
                    told('lock(one, UN); lock(two, UN)')
                    other.answer()
                    other('lock(one, UN); lock(two, UN)')

                one_goes_on()

                # Two readers that want to write.
                a('lock(one, RD)')
                b('lock(one, RD)')
                a.tell('lock(one, WR, wait=True)')
                b.tell('lock(one, WR, wait=True)')
                one_goes_on()
                """);
    }

    @Test
    default void aFileThatIsRenamedOrRemovedIsLockedAsBefore() throws Exception {
        mount().python("""
                os.mkdir('d')
                a, b = Other(), Other()
                for each in (a, b):
                    each("fd = os.open('file', os.O_RDWR | os.O_CREAT)")
                a('lock(fd, WR, 0, 5)')
                os.rename('file', 'd/renamed')
                b("other = os.open('d/renamed', os.O_RDWR)")
                b.fails('EAGAIN', 'lock(other, WR)')
                b('lock(other, WR, 5)')
                os.link('d/renamed', 'linked')
                os.unlink('d/renamed')
                c = Other()
                c("fd = os.open('linked', os.O_RDWR)")
                assert c('in_the_way(fd, WR)') == (WR, 0, 5, a.pid)
                os.unlink('linked')
                os.rmdir('d')
                write('file', b'another')
                b('os.close(other)')
                b('fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)')
                c.fails('EAGAIN', 'fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)')
                c('lock(fd, WR, 5)')
                c.tell('lock(fd, WR, wait=True)')
                c.waits()
                a('lock(fd, UN)')
                c.answer()
                # The new file of the name is another.
                fd = os.open('file', os.O_RDWR)
                lock(fd, WR)
                """);
    }

    @Test
    default void manyProcessesCountInOneFile() throws Exception {
        mount().python("""
                write('file', b'0')
                def task(i):
                    fd = os.open('file', os.O_RDWR)
                    for n in range(40):
                        if i % 2:
                            lock(fd, WR, 3, 1, wait=True)
                        lock(fd, WR, n % 3, wait=True)
                        os.pwrite(fd, b'%d' % (int(os.pread(fd, 10, 0)) + 1), 0)
                        lock(fd, UN)
                together(5, task)
                assert read('file') == b'200' == read(S + '/file')
                """);
    }
}
