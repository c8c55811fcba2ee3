package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.ninepin.testing.DeadlockWatch;
import dev.ninepin.testing.LongRun;
import dev.ninepin.testing.ServerKind;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests of many processes and files at once. {@code bench/load} runs a larger version for as long as desired. */
@LongRun
class LoadTest {
    private static final String SECONDS = "3";
    private static final String SEED = "1";

    /** With so few fids and nodes, some are reclaimed while processes use others. */
    @ParameterizedTest
    @EnumSource(names = {"QEMU", "DIOD_UNIX"})
    void sixtyFourProcessesDoEverythingAtOnceAndFindWhatTheyExpect(final ServerKind kind) throws Exception {
        try (TestMount mount = MountSetup.of(kind).maxFids(400).maxNodes(600).mount();
                DeadlockWatch watch = DeadlockWatch.over(mount::kernelRequests)) {
            mount.python("import load", SECONDS, SEED, "64").forEach(System.out::println);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"QEMU", "DIOD_UNIX"})
    void aWalkOverManyFilesSeesAllAndLeavesNoMoreRememberedThanTheLimits(final ServerKind kind) throws Exception {
        try (TestMount mount = MountSetup.of(kind).maxFids(128).maxNodes(1000).mount()) {
            mount.python("""
                    for i in range(10):
                        os.mkdir(S + '/%d' % i)
                        for j in range(400):
                            os.close(os.open(S + '/%d/%d' % (i, j), os.O_WRONLY | os.O_CREAT))
                            os.truncate(S + '/%d/%d' % (i, j), 400 * i + j)
                    held = os.open('3/7', os.O_RDWR)
                    seen = []
                    for directory, directories, files in os.walk('.'):
                        for name in files:
                            seen.append(os.stat(os.path.join(directory, name)).st_size)
                    assert sorted(seen) == list(range(4000))
                    assert os.readlink('/proc/self/fd/%d' % held).endswith('/3/7')
                    os.write(held, b'held')
                    assert read(S + '/3/7')[:4] == b'held' and os.fstat(held).st_size == 1207
                    """);
            await().untilAsserted(() -> assertThat(mount.nodes()).isLessThanOrEqualTo(1000));
            mount.awaitIdle();
            assertThat(mount.session().fidsUsed()).isLessThanOrEqualTo(128 + 1);
        }
    }

    /** QEMU closes some of its file descriptors when it has many, and reopens the files by name when it needs them. */
    @ParameterizedTest
    @EnumSource(names = {"QEMU", "DIOD_UNIX"})
    void twoThousandFilesOfTwoProcessesAreOpenWhileTheirNamesComeAndGo(final ServerKind kind) throws Exception {
        try (TestMount mount = MountSetup.of(kind).mount()) {
            mount.python("""
                    def task(i):
                        resource.setrlimit(resource.RLIMIT_NOFILE, (2048, 4096))
                        os.mkdir('%d' % i)
                        opened = [os.open('%d/%d' % (i, n), os.O_RDWR | os.O_CREAT | os.O_EXCL) for n in range(1000)]
                        for n, fd in enumerate(opened):
                            os.write(fd, b'%d-%d' % (i, n))
                        for n in range(0, 1000, 5):
                            os.unlink('%d/%d' % (i, n))
                            os.rename('%d/%d' % (i, n + 1), '%d/new%d' % (i, n + 1))
                            os.rename('%d/%d' % (i, n + 2), '%d/%d' % (i, n + 3))
                        for n, fd in enumerate(opened):
                            assert os.pread(fd, 100, 0) == b'%d-%d' % (i, n), n
                            os.pwrite(fd, b'+', 20)
                            assert os.fstat(fd).st_size == 21, n
                        for n, fd in enumerate(opened):
                            os.close(fd)
                        assert len(os.listdir('%d' % i)) == 600
                        for n in range(0, 1000, 5):
                            for m, name in ((1, 'new%d' % (n + 1)), (2, n + 3), (4, n + 4)):
                                wanted = (b'%d-%d' % (i, n + m)).ljust(20, b'\\0') + b'+'
                                assert read(S + '/%d/%s' % (i, name)) == wanted, (n, m)
                    together(2, task)
                    """);
        }
    }
}
