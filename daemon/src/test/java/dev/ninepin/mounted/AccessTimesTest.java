package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ninepin.share.options.AccessTimes;
import dev.ninepin.share.options.UserAccess;
import dev.ninepin.testing.ServerKind;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests that {@code noatime} and {@code nodiratime} reach the server. The files start with an access time of long ago.
 */
class AccessTimesTest {
    /** Reads the files of the share, and prints those whose access time the server has changed. */
    private static final String READ_ALL = """
            def old(path):
                os.utime(S + '/' + path, (1, os.stat(S + '/' + path).st_mtime))
            def changed():
                return [path for path in ('file', 'directory') if os.stat(S + '/' + path).st_atime != 1]
            def read_all():
                assert read('file') == b'contents'
                descriptor = os.open('file', os.O_RDWR)
                assert os.read(descriptor, 100) == b'contents'
                os.close(descriptor)
                assert os.listdir('directory') == ['inside']
            if not os.path.exists(S + '/file'):
                write(S + '/file', b'contents')
                os.mkdir(S + '/directory')
                write(S + '/directory/inside', b'')
            old('file')
            old('directory')
            read_all()
            print(*changed())
            """;

    @ParameterizedTest
    @EnumSource(names = {"QEMU", "DIOD_UNIX"})
    void withoutAnOptionReadsChangeThem(final ServerKind kind) throws Exception {
        assertThat(changed(kind, AccessTimes.SERVER)).isEqualTo("file directory");
    }

    /** QEMU ignores the client's open flags for a directory. */
    @ParameterizedTest
    @EnumSource(names = {"QEMU", "QEMU_MAPPED", "DIOD_UNIX"})
    void noatimeKeepsThem(final ServerKind kind) throws Exception {
        assertThat(changed(kind, AccessTimes.NONE)).isEqualTo(kind == ServerKind.DIOD_UNIX ? "" : "directory");
    }

    @Test
    void nodiratimeKeepsThoseOfDirectories() throws Exception {
        assertThat(changed(ServerKind.DIOD_UNIX, AccessTimes.FILES)).isEqualTo("file");
    }

    /** diod serves this mount's root as nobody, who may read the file but does not own it. */
    @Test
    void aFileOfAnotherUserIsReadAllTheSameAndChangesItsTime() throws Exception {
        try (TestMount mount = MountSetup.of(ServerKind.DIOD_UNIX)
                .accessTimes(AccessTimes.NONE)
                .access(UserAccess.EACH)
                .allowOther()
                .mount()) {
            final List<String> changed = mount.python("""
                    os.chmod(S, 0o755)
                    write(S + '/file', b'contents')
                    write(S + '/own', b'contents')
                    os.chown(S + '/own', 65534, 65534)
                    for name in ('file', 'own'):
                        os.utime(S + '/' + name, (1, os.stat(S + '/' + name).st_mtime))
                        assert read(name) == b'contents'
                    print(*[name for name in ('file', 'own') if os.stat(S + '/' + name).st_atime != 1])
                    """);
            assertThat(changed).containsExactly("file");
        }
    }

    private static String changed(final ServerKind kind, final AccessTimes times) throws Exception {
        try (TestMount mount = MountSetup.of(kind).accessTimes(times).mount()) {
            assumeTrue(
                    mount.sh("findmnt -no OPTIONS -T \"$EXPORT\"").stream().noneMatch(line -> line.contains("noatime")),
                    "the server's file system keeps access times");
            return mount.python(READ_ALL).get(0);
        }
    }
}
