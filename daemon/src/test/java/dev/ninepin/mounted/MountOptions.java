package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Tests of the mount options of {@code -o}. */
interface MountOptions extends OnAMount {
    @Test
    default void aReadOnlyMountRefusesEveryChange() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).readOnly().mount()) {
            mount.python("""
                    write(S + '/file', b'contents')
                    os.mkdir(S + '/directory')
                    assert read('file') == b'contents'
                    for call in [lambda: write('new', b''), lambda: write('file', b''), lambda: os.mkdir('new'),
                                 lambda: os.unlink('file'), lambda: os.rmdir('directory'), lambda: os.rename('file', 'new'),
                                 lambda: os.link('file', 'new'), lambda: os.symlink('file', 'new'),
                                 lambda: os.chmod('file', 0o600), lambda: os.chown('file', 1, 1),
                                 lambda: os.utime('file'), lambda: os.truncate('file', 0), lambda: os.mkfifo('new')]:
                        fails('EROFS', call)
                    assert read(S + '/file') == b'contents' and sorted(os.listdir(S)) == ['directory', 'file']
                    """);
        }
    }

    @Test
    default void theOwnerIsShownThatWasAskedFor() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).owner(1234, 4321).mount()) {
            mount.python("""
                    write(S + '/file', b'')
                    os.mkdir('directory')
                    write('directory/made', b'')
                    for name in ('.', 'file', 'directory', 'directory/made'):
                        seen = os.stat(name)
                        assert (seen.st_uid, seen.st_gid) == (1234, 4321), (name, seen)
                    os.chown('file', 1234, 4321)
                    fails('EPERM', os.chown, 'file', 1, 1)
                    assert os.stat(S + '/directory/made').st_uid == 0
                    """);
        }
    }

    @Test
    default void nobodyElseMayEnterUnlessAllowed() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).mount()) {
            assertThat(asNobody(mount, "ls ."))
                    .satisfies(ls -> assertThat(ls.status()).isNotZero())
                    .satisfies(ls -> assertThat(ls.output()).contains("Permission denied"));
        }
        try (TestMount mount = MountSetup.of(kind()).allowOther().mount()) {
            assertThat(asNobody(mount, "ls .").status()).isZero();
        }
    }

    @Test
    default void withDefaultPermissionsModesHold() throws Exception {
        try (TestMount mount =
                MountSetup.of(kind()).allowOther().defaultPermissions().mount()) {
            mount.sh(
                    "chmod 755 .; echo secret >secret; chmod 600 secret; echo open >open; mkdir shared; chmod 1777 shared");
            assertThat(asNobody(mount, "cat open").output()).isEqualTo("open\n");
            for (final String refused : new String[] {
                "cat secret", "echo >>open", "echo >new", "rm open", "mv open shared/", "chmod 777 open", "mkdir new"
            }) {
                assertThat(asNobody(mount, refused).status()).as(refused).isNotZero();
            }
            assertThat(asNobody(mount, "echo mine >shared/mine; chmod 600 shared/mine; cat shared/mine"))
                    .isEqualTo(new Programs.Ended(0, "mine\n"));
            mount.sh("[ \"$(stat -c %u:%g:%a shared/mine)\" = 65534:65534:600 ]");
            mount.clear();
        }
    }

    @Test
    default void withoutTimeoutsNamesAndAttributesAreThoseOfTheServer() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).timeouts(Duration.ZERO).mount()) {
            mount.python("""
                    for n in range(20):
                        assert not os.path.exists('file')
                        write(S + '/file', b'')
                        assert os.stat('file').st_size == 0
                        write(S + '/file', bytes(n + 1))
                        assert os.stat('file').st_size == n + 1
                        os.unlink(S + '/file')
                    """);
        }
    }

    @Test
    default void longTimeoutsKeepNamesAndAttributesButNoData() throws Exception {
        try (TestMount mount =
                MountSetup.of(kind()).timeouts(Duration.ofHours(1)).mount()) {
            mount.python("""
                    write(S + '/file', b'old')
                    assert read('file') == b'old' and not os.path.exists('missing')
                    assert os.stat('file').st_size == 3
                    write(S + '/file', b'newer')
                    write(S + '/missing', b'')
                    assert os.stat('file').st_size == 3 and not os.path.exists('missing')
                    assert read('file') == b'newer'
                    assert os.stat('file').st_size == 5
                    """);
        }
    }

    /** Runs a shell script as a user that owns no files. */
    private static Programs.Ended asNobody(final TestMount mount, final String script) throws Exception {
        return mount.programs()
                .runToItsEnd("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-euc", script);
    }
}
