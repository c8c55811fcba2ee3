package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Tests of several users on one mount, with {@code allow_other} and {@code default_permissions}: root, owners, group
 * members and others. Each script is first verified on a plain directory of this host.
 */
abstract class ManyUsersContract extends SharedMount {
    ManyUsersContract(final ServerKind kind) throws IOException {
        super(MountSetup.of(kind).allowOther().defaultPermissions());
    }

    private void asOnAPlainDirectory(final String script) throws Exception {
        final String whole = "os.umask(0)\nos.chmod('.', 0o777)\n" + script;
        final Path plain = mount().beside("plain");
        try {
            new Programs(plain).python(whole);
        } finally {
            mount().programs().run("rm", "-rf", plain.toString());
        }
        mount().python(whole);
    }

    @Test
    void aFileIsItsMakersAndHasNotWhatHisUmaskTakes() throws Exception {
        asOnAPlainDirectory("""
                def task():
                    os.umask(0o027)
                    os.close(os.open('file', os.O_CREAT | os.O_WRONLY, 0o777))
                    os.mkdir('directory', 0o777)
                    os.symlink('file', 'link')
                    os.mknod('node', 0o666 | stat.S_IFREG)
                    assert shown('file') == ('0o750', 1000, 100), shown('file')
                    assert shown('directory') == ('0o750', 1000, 100), shown('directory')
                    assert shown('node') == ('0o640', 1000, 100), shown('node')
                    assert shown('link')[1:] == (1000, 100), shown('link')
                as_user(1000, 100, [200], task)
                os.mkdir('closed', 0o755)
                def refused():
                    for make in (os.mkdir, os.mknod, lambda name: os.symlink('x', name), lambda name: write(name, b'')):
                        fails('EACCES', make, 'closed/new')
                as_user(1000, 100, [0], refused)
                """);
    }

    @Test
    void ownerGroupAndOthersHaveTheirOwnBits() throws Exception {
        asOnAPlainDirectory("""
                write('file', b'contents')
                os.mkdir('directory')
                write('directory/inside', b'')
                for name in ('file', 'directory'):
                    os.chown(name, 1000, 200)
                def can(call, *arguments):
                    try:
                        result = call(*arguments)
                    except PermissionError:
                        return False
                    if call is os.open:
                        os.close(result)
                    return True
                def check(bits):
                    def task():
                        reads, writes, searches = bits & 4 != 0, bits & 2 != 0, bits & 1 != 0
                        assert can(os.open, 'file', os.O_RDONLY) == reads
                        assert can(os.open, 'file', os.O_WRONLY) == writes
                        assert can(os.open, 'file', os.O_RDWR) == (reads and writes)
                        assert can(os.truncate, 'file', 8) == writes
                        assert can(os.listdir, 'directory') == reads
                        assert can(os.stat, 'directory/inside') == searches
                        assert can(write, 'directory/new', b'') == (writes and searches)
                        if writes and searches:
                            os.unlink('directory/new')
                        for name in ('file', 'directory'):
                            for wanted in range(8):
                                assert os.access(name, wanted) == (wanted & ~bits == 0), (name, wanted, bits)
                    return task
                for bits in range(8):
                    for uid, gid, groups, shift in ((1000, 1, [], 6), (1001, 200, [], 3), (1001, 1, [7, 200, 300], 3),
                                                    (1001, 1, [7], 0)):
                        for rest in (0, 0o777):
                            mode = rest & ~(7 << shift) | bits << shift
                            for name in ('file', 'directory'):
                                os.chmod(name, mode)
                            as_user(uid, gid, groups, check(bits))
                            assert read('file') == b'contents' and os.listdir('directory') == ['inside']
                os.chmod('file', 0)
                assert not os.access('file', os.X_OK) and os.access('file', os.R_OK | os.W_OK)
                """);
    }

    @Test
    void aSetgidDirectoryHandsItsGroupDown() throws Exception {
        asOnAPlainDirectory("""
                os.mkdir('shared')
                os.chown('shared', 0, 200)
                os.chmod('shared', 0o2777)
                def make(name):
                    def task():
                        os.mkdir('shared/%s-directory' % name, 0o755)
                        os.close(os.open('shared/%s-file' % name, os.O_CREAT | os.O_WRONLY, 0o2775))
                        os.symlink('x', 'shared/%s-link' % name)
                        os.mknod('shared/%s-node' % name, stat.S_IFREG | 0o2755)
                    return task
                as_user(1000, 100, [200], make('member'))
                as_user(1001, 100, [], make('stranger'))
                make('root')()
                for name, uid, mode in (('member', 1000, 0o2775), ('stranger', 1001, 0o775), ('root', 0, 0o2775)):
                    assert shown('shared/%s-directory' % name) == ('0o2755', uid, 200), shown('shared/%s-directory' % name)
                    assert shown('shared/%s-file' % name) == (oct(mode), uid, 200), shown('shared/%s-file' % name)
                    assert shown('shared/%s-node' % name) == (oct(mode & ~0o20), uid, 200), shown('shared/%s-node' % name)
                    assert shown('shared/%s-link' % name)[1:] == (uid, 200)
                def below():
                    os.mkdir('shared/member-directory/deeper', 0o700)
                    assert shown('shared/member-directory/deeper') == ('0o2700', 1000, 200)
                as_user(1000, 100, [], below)
                """);
    }

    @Test
    void inAStickyDirectoryOnlyOwnersAndRootTakeNamesAway() throws Exception {
        asOnAPlainDirectory("""
                os.mkdir('own')
                os.chown('own', 1001, 100)
                for owner in (0, 1000, 1001):
                    os.mkdir('sticky')
                    os.chown('sticky', owner, 0)
                    os.chmod('sticky', 0o1777)
                    os.mkdir('sticky/directory')
                    write('sticky/file', b'theirs')
                    os.symlink('x', 'sticky/link')
                    for name in ('directory', 'file', 'link'):
                        os.lchown('sticky/' + name, 1000, 100)
                    def stranger():
                        write('own/file', b'mine')
                        for name in ('file', 'link'):
                            fails('EPERM', os.unlink, 'sticky/' + name)
                            fails('EPERM', os.rename, 'sticky/' + name, 'sticky/new')
                            fails('EPERM', os.rename, 'sticky/' + name, 'own/new')
                            fails('EPERM', os.rename, 'own/file', 'sticky/' + name)
                        fails('EPERM', os.rmdir, 'sticky/directory')
                        fails('EPERM', os.rename, 'sticky/directory', 'sticky/new')
                        os.rename('own/file', 'sticky/mine')
                        os.unlink('sticky/mine')
                    def entitled():
                        os.rename('sticky/file', 'sticky/new')
                        os.unlink('sticky/new')
                        os.unlink('sticky/link')
                        os.rmdir('sticky/directory')
                    if owner != 1001:
                        as_user(1001, 100, [], stranger)
                    as_user(1000 if owner == 0 else owner, 100, [], entitled)
                    os.rmdir('sticky')
                """);
    }

    @Test
    void ownersAreGivenByRootAndGroupsByTheirMembers() throws Exception {
        asOnAPlainDirectory("""
                write('file', b'')
                os.mkdir('directory')
                os.symlink('file', 'link')
                names = ('file', 'directory', 'link')
                for name in names:
                    os.lchown(name, 1000, 100)
                def owner():
                    for name in names:
                        fails('EPERM', os.lchown, name, 1001, -1)
                        fails('EPERM', os.lchown, name, -1, 300)
                        os.lchown(name, -1, 200)
                        os.lchown(name, 1000, 100)
                        os.lchown(name, 1000, 200)
                        assert shown(name)[1:] == (1000, 200)
                def stranger():
                    for name in names:
                        fails('EPERM', os.lchown, name, 1001, -1)
                        fails('EPERM', os.lchown, name, -1, 200)
                        fails('EPERM', os.utime, name, ns=(1, 1), follow_symlinks=False)
                    for name in names[:2]:
                        fails('EPERM', os.chmod, name, 0o777)
                as_user(1000, 100, [200], owner)
                as_user(1001, 200, [100], stranger)
                """);
    }

    @Test
    void whoIsNotInTheGroupCannotMakeAFileSetgid() throws Exception {
        asOnAPlainDirectory("""
                write('file', b'')
                os.chown('file', 1000, 200)
                def chmod(expected):
                    def task():
                        os.chmod('file', 0o6755)
                        assert shown('file')[0] == expected, shown('file')
                    return task
                as_user(1000, 100, [], chmod('0o4755'))
                as_user(1000, 100, [200], chmod('0o6755'))
                """);
    }

    @Test
    void setuidAndSetgidGoWhenAFileIsWrittenToOrGivenAway() throws Exception {
        asOnAPlainDirectory("""
                def make():
                    write('file', b'0123456789')
                    os.chown('file', 1000, 100)
                    os.chmod('file', 0o6777)
                def opened(flags, call):
                    def task():
                        fd = os.open('file', flags)
                        call(fd)
                        assert shown(fd)[0] == '0o777', shown(fd)
                        os.close(fd)
                    return task
                writes = [opened(os.O_WRONLY, lambda fd: os.write(fd, b'x')),
                          opened(os.O_WRONLY | os.O_APPEND, lambda fd: os.write(fd, b'x')),
                          opened(os.O_WRONLY | os.O_SYNC, lambda fd: os.pwrite(fd, b'x' * 300000, 5)),
                          opened(os.O_WRONLY | os.O_DIRECT, lambda fd: os.write(fd, mmap.mmap(-1, 4096))),
                          opened(os.O_RDWR, lambda fd: os.ftruncate(fd, 3)),
                          opened(os.O_WRONLY | os.O_TRUNC, lambda fd: None),
                          opened(os.O_WRONLY | os.O_TRUNC | os.O_CREAT, lambda fd: None),
                          lambda: os.truncate('file', 20)]
                for call in writes:
                    for uid, gid, groups in ((1000, 100, []), (1001, 100, []), (1001, 1, [])):
                        make()
                        as_user(uid, gid, groups, call)
                        assert shown('file') == ('0o777', 1000, 100), shown('file')
                for call in (lambda: write('file', b'', 0), lambda: os.utime('file'), lambda: read('file')):
                    make()
                    as_user(1001, 1, [], call)
                    assert shown('file')[0] == '0o6777', shown('file')
                for call in (lambda: write('file', b'x', 0), lambda: write('file', b'x'), lambda: os.truncate('file', 2)):
                    make()
                    call()
                    assert shown('file')[0] == '0o6777', shown('file')
                for uid, gid in ((1001, -1), (-1, 200), (1001, 200), (-1, -1), (1000, 100)):
                    make()
                    os.chown('file', uid, gid)
                    assert shown('file')[0] == '0o777', (uid, gid, shown('file'))
                make()
                as_user(1000, 1, [200], lambda: os.chown('file', -1, 200))
                assert shown('file') == ('0o777', 1000, 200), shown('file')
                def change_nothing():
                    try:
                        os.chown('file', -1, -1)
                    except PermissionError:
                        pass
                for uid, left in ((1000, '0o755'), (1001, '0o6755')):
                    make()
                    os.chmod('file', 0o6755)
                    as_user(uid, 100, [], change_nothing)
                    assert shown('file')[0] == left, (uid, shown('file'))
                os.mkdir('directory')
                os.chmod('directory', 0o6777)
                os.chown('directory', 1000, 100)
                assert shown('directory')[0] == '0o6777', shown('directory')
                # Bits that come while the file is open.
                make()
                def again():
                    with open('file', 'r+b', buffering=0) as f:
                        for _ in range(3):
                            f.write(b'x')
                            assert shown('file')[0] == '0o777', shown('file')
                            os.chmod('file', 0o6777)
                as_user(1000, 100, [], again)
                """);
    }

    @Test
    void capabilitiesGoWhenAFileIsWrittenToOrGivenAway() throws Exception {
        if (!kind().keepsCapabilities()) {
            mount().python("""
                    write('file', b'')
                    fails('EINVAL' if GANESHA else 'ENOTSUP', os.setxattr, 'file', 'security.capability',
                          bytes.fromhex('01000002' + '00' * 16))
                    """);
            return;
        }
        asOnAPlainDirectory("""
                some = bytes.fromhex('0100000201000000000000000000000000000000')
                def opened(flags, call):
                    def task():
                        fd = os.open('file', flags)
                        call(fd)
                        os.close(fd)
                    return task
                calls = [opened(os.O_WRONLY, lambda fd: os.write(fd, b'x')),
                         opened(os.O_WRONLY, lambda fd: (os.write(fd, b'x'), os.write(fd, b'y'))),
                         opened(os.O_WRONLY | os.O_TRUNC, lambda fd: None), lambda: os.truncate('file', 1)]
                def make(mode):
                    write('file', b'0123456789')
                    os.chown('file', 1000, 100)
                    os.chmod('file', mode)
                    os.setxattr('file', 'security.capability', some)
                    assert os.getxattr('file', 'security.capability') == some
                for call in calls:
                    for uid in (0, 1000, 1001):
                        make(0o777)
                        as_user(uid, 100, [], call)
                        fails('ENODATA', os.getxattr, 'file', 'security.capability')
                make(0o755)
                os.chown('file', 1001, -1)
                fails('ENODATA', os.getxattr, 'file', 'security.capability')
                make(0o755)
                os.chmod('file', 0o700)
                os.rename('file', 'renamed')
                assert os.getxattr('renamed', 'security.capability') == some
                """);
    }

    /** The server checks permissions for root, which it denies nothing. Only access(2) uses the file's mode. */
    @Test
    void withoutDefaultPermissionsTheServerDecidesAndAccessGoesByAllGroups() throws Exception {
        try (TestMount mount = MountSetup.of(kind()).allowOther().mount()) {
            mount.python("""
                    write('file', b'contents')
                    os.chown('file', 1000, 200)
                    os.chmod('file', 0o640)
                    def check(*expected):
                        def task():
                            assert tuple(os.access('file', wanted) for wanted in (4, 2, 6, 1)) == expected
                        return task
                    as_user(1000, 1, [], check(True, True, True, False))
                    as_user(1001, 200, [], check(True, False, False, False))
                    as_user(1001, 1, [7, 200, 300], check(True, False, False, False))
                    as_user(1001, 1, [7, 300], check(False, False, False, False))
                    as_user(1001, 1, [], lambda: write('file', b'anyone'))
                    assert read('file') == b'anyone'
                    """);
            mount.clear();
        }
    }

    @Test
    void setprivSeesTheSameGroups() throws Exception {
        mount().sh("chmod 755 .; echo shared >file; chgrp 200 file; chmod 640 file");
        assertThat(as("--groups=7,200", "cat file; test -r file")).isEqualTo(new Programs.Ended(0, "shared\n"));
        assertThat(as("--groups=7", "test -r file || cat file").status()).isNotZero();
    }

    private Programs.Ended as(final String groups, final String script) throws Exception {
        final List<String> who = List.of("setpriv", "--reuid=1000", "--regid=1", groups, "sh", "-euc");
        return mount().programs().runToItsEnd(Programs.words(who.toArray(String[]::new), script));
    }
}
