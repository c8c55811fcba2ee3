package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.CacheMode;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests of extended attributes and ACLs. */
interface XattrsOfFiles extends OnAMount {
    @Test
    default void attributesAreSetListedAndRemoved() throws Exception {
        mount().python("""
                write('file', b'')
                os.mkdir('directory')
                for name in ('file', 'directory'):
                    os.setxattr(name, 'user.one', b'\\0\\xff value')
                    os.setxattr(name, b'user.two \\xff', b'2', os.XATTR_CREATE)
                    fails('EEXIST', os.setxattr, name, 'user.one', b'again', os.XATTR_CREATE)
                    fails('ENODATA', os.setxattr, name, 'user.three', b'never', os.XATTR_REPLACE)
                    os.setxattr(name, b'user.two \\xff', b'two', os.XATTR_REPLACE)
                    assert sorted(os.listxattr(os.fsencode(name))) == ['user.one', os.fsdecode(b'user.two \\xff')]
                    assert os.getxattr(name, 'user.one') == b'\\0\\xff value'
                    for where in (name, S + '/' + name):
                        assert os.getxattr(where, b'user.two \\xff') == b'two'
                    os.removexattr(name, 'user.one')
                    fails('ENODATA', os.removexattr, name, 'user.one')
                    fails('ENODATA', os.getxattr, name, 'user.one')
                fd = os.open('file', os.O_RDWR)
                os.unlink('file')
                os.setxattr(fd, 'user.late', b'late')
                assert os.getxattr(fd, 'user.late') == b'late' and len(os.listxattr(fd)) == 2
                """);
    }

    @Test
    default void whatTheServerCannotStoreIsRefused() throws Exception {
        mount().python("""
                write('file', b'')
                os.setxattr('file', 'user.name', b'value')
                fails('ENOSPC', os.setxattr, 'file', 'user.large', bytes(65536))
                fails('E2BIG', os.setxattr, 'file', 'user.large', bytes(65537))
                fails('ENOTSUP', os.setxattr, 'file', 'user.name', b'')
                fails('ENOTSUP', os.setxattr, 'file', 'system.nonsense', b'x')
                assert os.listxattr('file') == ['user.name'] and os.getxattr('file', 'user.name') == b'value'
                """);
    }

    @Test
    default void programsThatCopyKeepThem() throws Exception {
        final Path from = mount().beside("from");
        mount().sh("""
                for i in $(seq 20); do
                    mkdir "$1/d$i"
                    echo $i >"$1/d$i/file"
                    setfattr -n user.number -v "value $i" "$1/d$i/file" "$1/d$i"
                    setfattr -n user.large -v "$(seq 200)" "$1/d$i/file"
                done
                rsync -aX "$1/" rsynced/
                cp -a --preserve=xattr "$1" copied
                [ -z "$(rsync -aXin "$1/" rsynced/)" ]
                """, from.toString());
        mount().python("""
                def attributes(root):
                    found = {}
                    for directory, directories, files in os.walk(root):
                        for path in [os.path.join(directory, name) for name in directories + files]:
                            names = [name for name in os.listxattr(path) if not name.startswith('user.virtfs.')]
                            found[os.path.relpath(path, root)] = {name: os.getxattr(path, name) for name in names}
                    return found
                expected = attributes(sys.argv[1])
                assert len(expected) == 40 and len(expected['d20/file']) == 2
                for tree in ('rsynced', 'copied', S + '/rsynced', S + '/copied'):
                    assert attributes(tree) == expected, tree
                """, from.toString());
    }

    @Test
    default void aclsAreThoseOfALocalDirectoryWhereTheServerKeepsThem() throws Exception {
        if (!kind().keepsDefaultAcls()) {
            mount().sh("""
                    touch file
                    mkdir directory
                    getfacl -cE file
                    ! setfacl -m REFUSED 2>refused
                    grep -q 'Operation not supported' refused
                    """.replace("REFUSED", kind().keepsAcls() ? "d:u:1234:rw directory" : "u:1234:rw file"));
            return;
        }
        final String script = """
                cd "$1"
                umask 077
                touch file
                setfacl -m u:1234:rw,g:4321:r file
                mkdir plain given
                setfacl -m u:1234:rwx,g:4321:rx,d:u:1234:rwx,d:g:4321:rx,d:g::rx,d:o:rx given
                touch given/file plain/file
                mkdir given/directory
                touch given/directory/file
                "$PYTHON" -c 'import os; os.close(os.open("given/created", os.O_CREAT | os.O_WRONLY, 0o640))'
                "$PYTHON" -c 'import os; os.mknod("given/node", 0o100666)'
                getfacl -n -R file plain given
                setfacl -x u:1234 file
                setfacl -b given/directory
                setfacl -k given
                touch given/late given/directory/late
                getfacl -n -R file given
                """;
        final Path local = mount().beside("local");
        final List<String> expected = mount().sh(script, local.toString());
        assertThat(expected).contains("default:user:1234:rwx", "mask::r--");
        assertThat(mount().sh(script, mount().here("").toString())).isEqualTo(expected);
    }

    @Test
    default void anAclChangesTheModeAtOnce() throws Exception {
        if (kind().keepsAcls()) {
            mount().sh("""
                    umask 077
                    touch file
                    [ "$(stat -c %a file)" = 600 ]
                    setfacl -m u:1234:rw file
                    [ "$(stat -c %a file)" = 660 ]
                    if [ "$MAPPED" = no ]; then
                        chmod 640 file
                        getfacl -n file | grep -q '^user:1234:rw-.*#effective:r--'
                    fi
                    setfacl -b file
                    [ "$(stat -c %a file)" = 600 ]
                    [ "$MAPPED" = yes ] || [ "$(stat -c %a "$EXPORT/file")" = 600 ]
                    ! getfattr -m - file | grep system
                    """);
        }
    }

    @ParameterizedTest
    @EnumSource(CacheMode.class)
    default void aWriteDoesNotAskForCapabilitiesEachTime(final CacheMode cache) throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(cache).mount()) {
            mount.python("""
                    fd = os.open('file', os.O_CREAT | os.O_WRONLY)
                    for i in range(500):
                        os.write(fd, b'x')
                    """);
            // The kernel asks once for as long as it caches the file's attributes. Since Linux 6.6, it never asks if
            // reads bypass the page cache.
            assertThat(mount.kernelRequests("getxattr")).isBetween(cache == CacheMode.NONE ? 0L : 1L, 5L);
            // These are requests for the directory's default ACL, for the mode when the file is created, and for
            // whether attributes exist at all.
            assertThat(mount.roundTrips("Txattrwalk")).isBetween(1L, 5L + 4);
            mount.clear();
        }
    }

    @ParameterizedTest
    @EnumSource(CacheMode.class)
    default void capabilitiesGoWithAWriteWhereTheServerKeepsThem(final CacheMode cache) throws Exception {
        try (TestMount mount = MountSetup.of(kind()).cache(cache).mount()) {
            mount.python(kind().keepsCapabilities() ? """
                    write('file', b'data')
                    os.chmod('file', 0o755)
                    capability = bytes.fromhex('0100000200200000000000000000000000000000')
                    os.setxattr('file', 'security.capability', capability)
                    assert os.getxattr('file', 'security.capability') == capability
                    assert os.getxattr(S + '/file', 'security.capability') == capability
                    write('file', b'more', 0)
                    for where in ('file', S + '/file'):
                        fails('ENODATA', os.getxattr, where, 'security.capability')
                    """ : """
                    write('file', b'data')
                    fails('EINVAL' if GANESHA else 'ENOTSUP', os.setxattr, 'file', 'security.capability',
                          bytes.fromhex('01000002' + '00' * 16))
                    fails('ENODATA' if GANESHA else 'ENOTSUP', os.getxattr, 'file', 'security.capability')
                    """);
        }
    }

    @Test
    default void whatIsChangedThereIsSeenAsTheCacheModePromises() throws Exception {
        for (final CacheMode cache : List.of(CacheMode.NONE, CacheMode.OPEN)) {
            try (TestMount mount = MountSetup.of(kind()).cache(cache).mount()) {
                mount.python("""
                        write('file', b'')
                        fails('ENODATA', os.getxattr, 'file', 'user.name')
                        os.setxattr(S + '/file', 'user.name', b'there')
                        if sys.argv[1] == 'OPEN':
                            until(lambda: os.listxattr('file') == ['user.name'], 2)
                            def seen():
                                try:
                                    return os.getxattr('file', 'user.name') == b'there'
                                except OSError:
                                    return False
                            until(seen, 2)
                        assert os.getxattr('file', 'user.name') == b'there'
                        os.setxattr(S + '/file', 'user.name', b'changed')
                        assert os.getxattr('file', 'user.name') == b'changed'
                        """, cache.name());
                mount.clear();
            }
        }
    }

    @Test
    default void withNoxattrThereAreNoneAndNothingIsAsked() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).withoutXattrs().mount()) {
            mount.python("""
                    os.umask(0o027)
                    os.close(os.open('file', os.O_CREAT | os.O_WRONLY, 0o777))
                    assert stat.S_IMODE(os.stat('file').st_mode) == 0o750
                    for i in range(2):
                        fails('ENOTSUP', os.setxattr, 'file', 'user.name', b'value')
                        fails('ENOTSUP', os.getxattr, 'file', 'user.name')
                        fails('ENOTSUP', os.listxattr, 'file')
                        fails('ENOTSUP', os.removexattr, 'file', 'user.name')
                    """);
            assertThat(mount.roundTrips("Txattrwalk", "Txattrcreate")).isZero();
            mount.clear();
        }
    }
}
