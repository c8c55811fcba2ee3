package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.share.id.IdMap;
import dev.ninepin.share.options.UserAccess;
import dev.ninepin.testing.ServerKind;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests of {@code access=} and {@code idmap=} with processes of several users, on a server that acts as the user of
 * each attach.
 */
class ManyUsersTest {
    /** Defines two users, A and B, and a function that creates a user's private files. */
    private static final String TWO_USERS = """
            A, B = 1234, 4321
            def makes():
                os.makedirs('private/deep/er')
                os.chmod('private', 0o700)
                write('private/secret', b'secret')
                write('private/deep/er/file', b'deep')
                os.symlink('secret', 'private/link')
                write('mine', b'mine')
                os.chmod('mine', 0o600)
            def sees():
                assert read('private/secret') == b'secret' and read('private/deep/er/file') == b'deep'
                assert read('mine') == b'mine' and os.readlink('private/link') == 'secret'
                assert sorted(os.listdir('private')) == ['deep', 'link', 'secret']
            def owner(name):
                seen = os.lstat(S + '/' + name)
                return seen.st_uid, seen.st_gid
            """;

    /** User A works in a directory that other users may not reach. */
    private static final String IN_A_DIRECTORY = """
            def refused():
                for call in [lambda: os.stat('private/deep'), lambda: os.chdir('private/deep'),
                             lambda: os.listdir('private/deep'), lambda: os.rmdir('private/deep'),
                             lambda: os.rename('private/deep', 'taken'), lambda: os.stat('private/deep/er'),
                             lambda: os.statvfs('private/deep'), lambda: os.open('private/deep', os.O_RDONLY)]:
                    fails('EACCES', call)
            mounted = sys.argv[1] if len(sys.argv) > 1 else os.getcwd()
            def stays(others):
                at_work, done = os.pipe(), os.pipe()
                def works():
                    os.chdir(mounted + '/private/deep')
                    os.write(at_work[1], b'.')
                    os.read(done[0], 1)
                    assert os.getcwd() == mounted + '/private/deep', os.readlink('/proc/self/cwd')
                    assert read('er/file') == b'deep'
                worker = os.fork()
                if worker == 0:
                    as_user(A, A, [], works)
                    os._exit(0)
                os.read(at_work[0], 1)
                others()
                os.write(done[1], b'.')
                assert os.waitpid(worker, 0)[1] == 0
            """;

    private static MountSetup shared(final ServerKind kind, final UserAccess access) {
        return MountSetup.of(kind).allowOther().access(access);
    }

    @Test
    void theServerRefusesAUserWhatIsAnothers() throws Exception {
        try (TestMount mount = shared(ServerKind.DIOD_UNIX, UserAccess.EACH).mount()) {
            mount.python(TWO_USERS + """
                    os.chmod(S, 0o777)
                    os.mkdir(S + '/both', 0o755)
                    as_user(A, A, [], makes)
                    for name in ('private', 'private/deep/er', 'private/deep/er/file', 'private/link', 'mine'):
                        assert owner(name) == (A, A), (name, owner(name))
                    def refused():
                        for call in [lambda: read('private/secret'), lambda: os.listdir('private'),
                                     lambda: os.readlink('private/link'), lambda: read('private/deep/er/file'),
                                     lambda: read('private/nothing'), lambda: read('mine'), lambda: write('mine', b''),
                                     lambda: write('private/new', b''), lambda: os.mkdir('private/new'),
                                     lambda: os.symlink('x', 'private/new'), lambda: os.unlink('private/secret'),
                                     lambda: os.rmdir('private/deep'), lambda: os.rename('private/secret', 'taken'),
                                     lambda: os.rename('mine', 'private/mine'), lambda: os.link('private/secret', 'taken'),
                                     lambda: os.getxattr('private/secret', 'user.x'), lambda: os.chdir('private'),
                                     lambda: os.statvfs('private/deep'), lambda: os.truncate('mine', 0),
                                     lambda: write('both/new', b''), lambda: os.listxattr('private/secret')]:
                            fails('EACCES', call)
                        for call in [lambda: os.chmod('mine', 0o777), lambda: os.chown('mine', B, -1)]:
                            fails('EPERM', call)
                        assert not os.access('private/secret', os.R_OK) and not os.access('mine', os.W_OK)
                        assert os.access('.', os.W_OK)
                        write('others', b'his')
                    # What another user has just looked up and read is in the kernel's caches.
                    as_user(A, A, [], sees)
                    as_user(B, B, [], refused)
                    as_user(A, A, [], sees)
                    # Root is nobody there.
                    as_user(0, 0, [], lambda: fails('EACCES', read, 'private/secret'))
                    write('nobodys', b'')
                    assert owner('nobodys') == (65534, 0)
                    os.unlink('nobodys')
                    as_user(B, B, [], refused)
                    assert owner('others') == (B, B)
                    assert sorted(os.listdir(S)) == ['both', 'mine', 'others', 'private']
                    """);
        }
    }

    @Test
    void aUserSeesNoAttributesWhereTheServerShowsNoneAndNothingIsCached() throws Exception {
        try (TestMount mount = MountSetup.of(ServerKind.DIOD_UNIX)
                .cache(CacheMode.NONE)
                .allowOther()
                .access(UserAccess.EACH)
                .mount()) {
            mount.python(TWO_USERS + """
                    os.chmod(S, 0o777)
                    as_user(A, A, [], makes)
                    as_user(A, A, [], lambda: os.stat('private/deep/er/file'))
                    as_user(B, B, [], lambda: fails('EACCES', os.stat, 'private/deep/er/file'))
                    as_user(B, B, [], lambda: os.stat('private'))
                    """);
        }
    }

    @Test
    void openFilesAndMovedDirectoriesAreTheirUsers() throws Exception {
        try (TestMount mount =
                shared(ServerKind.DIOD_UNIX, UserAccess.EACH).maxFids(2).mount()) {
            mount.python(TWO_USERS + """
                    os.chmod(S, 0o777)
                    as_user(A, A, [], makes)
                    def becomes(uid):
                        os.setresuid(0, 0, 0)
                        os.setresgid(uid, uid, uid)
                        os.setresuid(uid, uid, 0)
                    def one_file():
                        becomes(A)
                        fd = os.open('mine', os.O_RDWR)
                        # A descriptor is good for whoever has it.
                        becomes(B)
                        assert os.pread(fd, 10, 0) == b'mine'
                        os.pwrite(fd, b'his', 4)
                        os.fsync(fd)
                        fails('EACCES', read, 'mine')
                        # The file is put aside by one who may, and goes with its last close.
                        os.unlink('mine')
                        assert 'mine' not in os.listdir('.')
                        becomes(A)
                        assert os.pread(fd, 10, 0) == b'minehis'
                        os.close(fd)
                    as_user(0, 0, [], one_file)
                    until(lambda: os.listdir(S) == ['private'])
                    # Directories above are moved while others hold fids below.
                    as_user(A, A, [], lambda: os.chmod('private', 0o755))
                    def deep(name):
                        return lambda: read(name + '/deep/er/file') == b'deep' or sys.exit(1)
                    as_user(B, B, [], deep('private'))
                    as_user(B, B, [], lambda: os.rename('private', 'moved'))
                    for user in (A, B):
                        as_user(user, user, [], deep('moved'))
                    as_user(A, A, [], lambda: os.chmod('moved', 0o700))
                    as_user(B, B, [], lambda: fails('EACCES', read, 'moved/deep/er/file'))
                    as_user(A, A, [], deep('moved'))
                    def temporary():
                        fd = os.open('.', os.O_TMPFILE | os.O_RDWR)
                        os.write(fd, b'temporary')
                        os.fsync(fd)
                    as_user(B, B, [], temporary)
                    until(lambda: os.listdir(S) == ['moved'])
                    """);
            // There is one attach each for nobody (root), A and B, and another for a user that returns after its attach
            // was clunked.
            assertThat(mount.roundTrips("Tattach")).isGreaterThan(3);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CacheMode.class,
            names = {"NONE", "OPEN"})
    void aDescriptorIsGoodForWhoeverHasIt(final CacheMode cache) throws Exception {
        try (TestMount mount =
                shared(ServerKind.DIOD_UNIX, UserAccess.EACH).cache(cache).mount()) {
            mount.python(TWO_USERS + """
                    os.chmod(S, 0o777)
                    as_user(A, A, [], makes)
                    def handed_over():
                        os.setresgid(A, A, A)
                        os.setresuid(A, A, 0)
                        fd = os.open('private/secret', os.O_RDWR)
                        os.setresuid(0, 0, 0)
                        os.setresgid(B, B, B)
                        os.setresuid(B, B, B)
                        def no_way():
                            try:
                                os.stat('private/secret')
                            except PermissionError:
                                return True
                        # The kernel has forgotten by then what A has found there.
                        until(no_way)
                        assert os.fstat(fd).st_size == 6
                        os.ftruncate(fd, 3)
                        assert os.fstat(fd).st_size == 3 and os.lseek(fd, 0, os.SEEK_END) == 3
                        assert os.pread(fd, 10, 0) == b'sec'
                        os.pwrite(fd, b'!', 3)
                        fails('EACCES', os.truncate, 'private/secret', 0)
                        fails('EACCES', os.fchmod, fd, 0o777)
                    as_user(0, 0, [], handed_over)
                    assert read(S + '/private/secret') == b'sec!'
                    """);
        }
    }

    /**
     * When a lookup is denied to one user, the kernel drops the dentry for all users, and unmounts what is mounted on
     * it.
     */
    @Test
    void whoIsRefusedADirectoryDoesNotTakeItFromOthers() throws Exception {
        try (TestMount mount = shared(ServerKind.DIOD_UNIX, UserAccess.EACH)
                .cache(CacheMode.NONE)
                .mount()) {
            mount.python(TWO_USERS + IN_A_DIRECTORY + """
                    os.chmod(S, 0o777)
                    as_user(A, A, [], makes)
                    stays(lambda: as_user(B, B, [], refused))
                    """);
        }
        try (TestMount mount = shared(ServerKind.DIOD_UNIX, UserAccess.one(1234))
                .cache(CacheMode.NONE)
                .mount()) {
            new Programs(mount.there(""))
                    .python(TWO_USERS + IN_A_DIRECTORY + """
                    os.chmod(S, 0o777)
                    def his():
                        os.chdir(sys.argv[1])
                        makes()
                    as_user(A, A, [], his)
                    stays(lambda: fails('EPERM', os.stat, sys.argv[1] + '/private'))
                    """, mount.here("").toString());
        }
    }

    @Test
    void withAccessForOneUserNobodyElseGetsIn() throws Exception {
        try (TestMount mount =
                shared(ServerKind.DIOD_UNIX, UserAccess.one(1234)).mount()) {
            final Programs outside = new Programs(mount.there(""));
            outside.python(TWO_USERS + """
                    mounted = sys.argv[1]
                    os.chmod(S, 0o777)
                    def his():
                        os.chdir(mounted)
                        makes()
                        sees()
                    as_user(A, A, [], his)
                    assert owner('private/deep/er/file') == (A, A)
                    def refused():
                        for call in [lambda: os.listdir(mounted), lambda: read(mounted + '/mine'), lambda: os.chdir(mounted),
                                     lambda: write(mounted + '/new', b''), lambda: os.unlink(mounted + '/mine')]:
                            fails('EPERM', call)
                        # As umount(8) and mountpoint(1) need it.
                        assert os.stat(mounted).st_mode == 0o40777
                    as_user(B, B, [], refused)
                    as_user(0, 0, [], refused)
                    """, mount.here("").toString());
            assertThat(mount.roundTrips("Tattach")).isOne();
        }
    }

    @Test
    void withAccessForClientTheKernelChecksToo() throws Exception {
        try (TestMount mount = MountSetup.of(ServerKind.DIOD_UNIX)
                .allowOther()
                .defaultPermissions()
                .access(UserAccess.EACH)
                .mount()) {
            mount.python(TWO_USERS + """
                    os.chmod('.', 0o777)
                    as_user(A, A, [], makes)
                    as_user(A, A, [], sees)
                    as_user(0, 0, [], sees)
                    def refused():
                        for call in [lambda: os.stat('private/secret'), lambda: read('mine'), lambda: os.listdir('private')]:
                            fails('EACCES', call)
                    as_user(B, B, [], refused)
                    assert owner('mine') == (A, A)
                    """);
        }
    }

    /** QEMU does everything as one user, and ignores which user attached. */
    @ParameterizedTest
    @EnumSource(names = {"QEMU", "QEMU_MAPPED"})
    void withAServerThatTellsNoUsersApartFilesAreStillTheirMakers(final ServerKind kind) throws Exception {
        try (TestMount mount = shared(kind, UserAccess.EACH).mount()) {
            mount.python(TWO_USERS + """
                    as_user(A, A, [], makes)
                    as_user(B, B, [], sees)
                    assert os.stat('private/deep/er/file').st_uid == A
                    """);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"DIOD_UNIX", "QEMU_MAPPED", "QEMU_PASSTHROUGH"})
    void numbersAreThoseOfTheMapWhereverTheyCross(final ServerKind kind) throws Exception {
        final IdMap map = new IdMap(
                List.of(new IdMap.Range(0, 0, 1), new IdMap.Range(1000, 2000, 10)),
                List.of(new IdMap.Range(0, 0, 1), new IdMap.Range(100, 3000, 10)));
        try (TestMount mount = MountSetup.of(kind).allowOther().idMap(map).mount()) {
            mount.python("""
                    def xattr(name, attribute):
                        return os.getxattr(S + '/' + name, attribute)
                    def there(name):
                        if MAPPED:
                            return tuple(struct.unpack('<I', xattr(name, 'user.virtfs.' + id))[0] for id in ('uid', 'gid'))
                        seen = os.stat(S + '/' + name)
                        return seen.st_uid, seen.st_gid
                    def here(name):
                        seen = os.stat(name)
                        return seen.st_uid, seen.st_gid
                    def acl(name, which='access'):
                        value = xattr(name, ('user.virtfs.' if MAPPED else '') + 'system.posix_acl_' + which)
                        return [(tag, id) for tag, perm, id in struct.iter_unpack('<HHI', value[4:]) if tag in (2, 8)]
                    os.chmod('.', 0o777)
                    write('file', b'')
                    assert here('file') == there('file') == (0, 0)
                    os.chown('file', 2003, 3004)
                    assert there('file') == (1003, 104) and here('file') == (2003, 3004)
                    for owner in ((1000, -1), (-1, 100), (2010, -1), (2001, 5)):
                        fails('EOVERFLOW', os.chown, 'file', *owner)
                    # What is left of a directory that was removed is changed here, in the numbers of here.
                    os.mkdir('removed')
                    left = os.open('removed', os.O_RDONLY)
                    os.rmdir('removed')
                    os.fchown(left, 2003, 3004)
                    fails('EOVERFLOW', os.fchown, left, 1003, -1)
                    assert (os.fstat(left).st_uid, os.fstat(left).st_gid) == (2003, 3004)
                    os.close(left)
                    # Who has no number here.
                    write('foreign', b'')
                    os.mkdir('theirs', 0o777)
                    for name in ('foreign', 'theirs'):
                        if MAPPED:
                            for id in ('uid', 'gid'):
                                os.setxattr(S + '/' + name, 'user.virtfs.' + id, struct.pack('<I', 77))
                        else:
                            os.chown(S + '/' + name, 77, 77)
                    until(lambda: here('foreign') == here('theirs') == (65534, 65534))
                    # Nobody is their owner; root can give them one.
                    def owns_nothing():
                        fails('EOVERFLOW', os.chmod, 'foreign', 0o666)
                        fails('EACCES', os.open, 'foreign', os.O_WRONLY)
                        fails('EOVERFLOW', os.unlink, 'foreign')
                        fails('EACCES', os.mkdir, 'theirs/new')
                    as_user(65534, 65534, [], owns_nothing)
                    as_user(0, 0, [], owns_nothing)
                    assert os.path.exists(S + '/foreign')
                    for name in ('foreign', 'theirs'):
                        os.chown(name, 2001, 3001)
                        assert there(name) == (1001, 101)
                    # New files.
                    def makes():
                        write('made', b'')
                        os.mkdir('directory')
                        os.symlink('x', 'link')
                        assert here('made') == (2001, 3001)
                    as_user(2001, 3001, [], makes)
                    assert there('made') == there('directory') == (1001, 101)
                    os.chown('directory', -1, 3002)
                    os.chmod('directory', 0o2777)
                    as_user(2002, 3001, [], lambda: write('directory/inherits', b''))
                    assert there('directory/inherits') == (1002, 102) and here('directory/inherits') == (2002, 3002)
                    def makes_nothing():
                        for call in [lambda: write('new', b''), lambda: os.mkdir('new'), lambda: os.symlink('x', 'new')]:
                            fails('EOVERFLOW', call)
                    as_user(7777, 3001, [], makes_nothing)
                    as_user(2001, 7777, [], makes_nothing)
                    # ACLs.
                    subprocess.run(['setfacl', '-m', 'u:2005:rw,g:3005:r', 'file'], check=True)
                    subprocess.run(['setfacl', '-m', 'd:u:2005:rwx,d:g:3005:rx', 'directory'], check=True)
                    assert acl('file') == [(2, 1005), (8, 105)]
                    assert acl('directory', 'default') == [(2, 1005), (8, 105)]
                    write('directory/new', b'')
                    assert acl('directory/new') == [(2, 1005), (8, 105)]
                    shown = subprocess.run(['getfacl', '-ncp', 'file', 'directory/new'], capture_output=True, text=True).stdout
                    assert shown.count('user:2005:rw') == 2 and shown.count('group:3005:r') == 2, shown
                    assert subprocess.run(['setfacl', '-m', 'u:1005:rw', 'file'], capture_output=True).returncode != 0
                    assert acl('file') == [(2, 1005), (8, 105)]
                    # Of who has no number here: shown as somebody whom nobody is, and never lost unawares.
                    value = struct.pack('<I' + 'HHI' * 6, 2, 1, 6, 0xffffffff, 2, 4, 77, 2, 6, 1005, 4, 4, 0xffffffff,
                                        16, 6, 0xffffffff, 32, 4, 0xffffffff)
                    os.setxattr(S + '/file', ('user.virtfs.' if MAPPED else '') + 'system.posix_acl_access', value)
                    until(lambda: acl('file') == [(2, 77), (2, 1005)])
                    shown = subprocess.run(['getfacl', '-ncp', 'file'], check=True, capture_output=True, text=True).stdout
                    assert 'user:4294967294:r--' in shown and 'user:2005:rw-' in shown, shown
                    assert subprocess.run(['setfacl', '-m', 'u:2006:rw', 'file'], capture_output=True).returncode != 0
                    assert acl('file') == [(2, 77), (2, 1005)]
                    """);
            mount.clear();
        }
    }

    @Test
    void whomTheMapMakesRootOnTheServerIsRefused() throws Exception {
        final IdMap map = new IdMap(List.of(new IdMap.Range(0, 1234, 1), new IdMap.Range(1000, 2000, 10)), List.of());
        try (TestMount mount =
                shared(ServerKind.DIOD_UNIX, UserAccess.EACH).idMap(map).mount()) {
            // The map also gives root no server ID, so root cannot use the mount.
            new Programs(mount.there("")).python("""
                    mounted = sys.argv[1]
                    os.chmod(S, 0o777)
                    write(S + '/roots', b'')
                    os.chmod(S + '/roots', 0o600)
                    def refused():
                        fails('EACCES', os.chdir, mounted)
                        for call in [lambda: os.listdir(mounted), lambda: read(mounted + '/roots'),
                                     lambda: write(mounted + '/new', b'')]:
                            fails('EACCES', call)
                    as_user(1234, 1234, [], refused)
                    def checked():
                        os.chdir(mounted)
                        fails('EACCES', read, 'roots')
                        assert os.listdir('.') == ['roots']
                    as_user(2001, 2001, [], checked)
                    """, mount.here("").toString());
            assertThat(mount.roundTrips("Tattach")).isEqualTo(2);
        }
    }

    @Test
    void oneOwnerOfAllFilesMayBeShownWhereverTheServerTellsUsersApart() throws Exception {
        try (TestMount mount = MountSetup.of(ServerKind.DIOD_UNIX)
                .owner(7, 8)
                .allowOther()
                .access(UserAccess.EACH)
                .mount()) {
            mount.python(TWO_USERS + """
                    os.chmod(S, 0o777)
                    as_user(A, A, [], makes)
                    as_user(A, A, [], sees)
                    seen = os.stat('mine')
                    assert (seen.st_uid, seen.st_gid) == (7, 8), seen
                    assert owner('mine') == (A, A)
                    as_user(B, B, [], lambda: fails('EACCES', read, 'mine'))
                    as_user(A, A, [], lambda: fails('EPERM', os.chown, 'mine', B, -1))
                    """);
        }
    }

    @Test
    void usersAreAttachedByTheirNumbersOnTheServer() throws Exception {
        final IdMap map = new IdMap(List.of(new IdMap.Range(0, 0, 1), new IdMap.Range(1000, 2000, 10)), List.of());
        try (TestMount mount =
                shared(ServerKind.DIOD_UNIX, UserAccess.EACH).idMap(map).mount()) {
            mount.python("""
                    os.chmod(S, 0o777)
                    def makes():
                        os.mkdir('private', 0o700)
                        write('private/file', b'data')
                    as_user(2001, 2001, [], makes)
                    assert os.stat(S + '/private/file').st_uid == 1001
                    as_user(2001, 2001, [], lambda: read('private/file'))
                    as_user(2002, 2002, [], lambda: fails('EACCES', read, 'private/file'))
                    # Not who has this number on the server.
                    as_user(1001, 1001, [], lambda: fails('EACCES', os.listdir, '.'))
                    """);
        }
    }
}
