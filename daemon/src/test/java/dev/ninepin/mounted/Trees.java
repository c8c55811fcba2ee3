package dev.ninepin.mounted;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.testing.ServerKind;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests of whole trees: copied, archived, compared on both sides, and removed. */
interface Trees extends OnAMount {
    @Test
    default void aTreeIsTheSameHereAndThereAndCopiedBack() throws Exception {
        final String source = mount().beside("source").resolve("tree").toString();
        final String back = mount().beside("back").toString();
        mount().python("""
                source, back = sys.argv[1:]
                make_tree(source, 150)
                wanted = manifest(source)
                subprocess.run(['cp', '-a', source, 'tree'], check=True)
                same(manifest(S + '/tree', there=True), wanted)
                same(manifest('tree'), wanted)
                subprocess.run(['cp', '-a', 'tree', back], check=True)
                same(manifest(back + '/tree'), wanted)
                """, source, back);
        mount().sh("rm -rf tree; [ -z \"$(ls -A)\" ]; rm -rf \"$@\"", source, back);
    }

    @Test
    default void aTreeGoesThroughTarAndComesBackTheSame() throws Exception {
        final String source = mount().beside("tar").resolve("tree").toString();
        mount().python("""
                source = sys.argv[1]
                make_tree(source, 100)
                with open(source + '/sparse', 'wb') as f:
                    f.seek(50 << 20)
                    f.write(b'end')
                os.chown(source + '/sparse', 12, 34)
                wanted = manifest(source)
                tar = ['tar', '--numeric-owner', '--sparse', '--format=pax']
                subprocess.run(tar + ['-C', source, '-cf', 'in.tar', '.'], check=True)
                os.mkdir('tree')
                subprocess.run(tar + ['-C', 'tree', '-xpf', 'in.tar'], check=True)
                same(manifest('tree'), wanted)
                same(manifest(S + '/tree', there=True), wanted)
                seen = os.stat('tree/sparse')
                assert (seen.st_uid, seen.st_gid) == (12, 34), seen
                assert GANESHA or seen.st_blocks < 100, seen
                subprocess.run(tar + ['-C', 'tree', '-cf', 'out.tar', '.'], check=True)
                subprocess.run(tar + ['-C', source, '-df', 'out.tar'], check=True)
                """, source);
        mount().sh("rm -rf \"$1\"", source);
    }

    @Test
    default void rsyncCopiesATreeAndHasNothingToDoTheSecondTime() throws Exception {
        final String source = mount().beside("rsync").resolve("tree").toString();
        mount().python("make_tree(sys.argv[1], 100)", source);
        // nfs-ganesha does not set the times of symbolic links.
        final String rsync = kind() == ServerKind.GANESHA ? "rsync -aHJ" : "rsync -aH";
        mount().sh(rsync + " \"$1\"/ copy", source);
        final List<String> changes = mount().sh(rsync + " --checksum --delete --itemize-changes \"$1\"/ copy", source);
        assertThat(changes).isEmpty();
        mount().python("same(manifest('copy'), manifest(sys.argv[1]))", source);
        mount().sh("rm -rf \"$1\"", source);
    }

    @Test
    default void duAndFindSeeWhatTheServerHas() throws Exception {
        mount().python("""
                make_tree('tree', 100)
                def find(where):
                    form = '%p %i %n' + ('' if GANESHA else ' %b') + '\\\\0'
                    return sorted(subprocess.check_output(['find', 'tree', '-printf', form], cwd=where).split(b'\\0'))
                def du(where):
                    return subprocess.check_output(['du', '-s', 'tree'], cwd=where)
                assert find('.') == find(S), (find('.'), find(S))
                assert GANESHA or du('.') == du(S)
                number = str(os.stat('tree').st_ino)
                assert subprocess.check_output(['find', '.', '-inum', number]) == b'./tree\\n'
                """);
    }

    @Test
    default void fiveThousandFilesAreWalkedWithSixtyFourFids() throws Exception {
        try (TestMount small = MountSetup.of(kind()).maxFids(64).mount()) {
            small.python("""
                    for i in range(50):
                        os.mkdir(S + '/%d' % i)
                        for j in range(100):
                            write(S + '/%d/%d' % (i, j), b'%d %d' % (i, j))
                    for _ in range(2):
                        seen = 0
                        for directory, directories, files in os.walk('.'):
                            for name in files:
                                seen += os.stat(os.path.join(directory, name)).st_size > 0
                        assert seen == 5000, seen
                    for i in range(0, 50, 7):
                        for j in range(0, 100, 7):
                            assert read('%d/%d' % (i, j)) == b'%d %d' % (i, j)
                    """);
            small.awaitIdle();
            assertThat(small.session().fidsUsed()).isLessThanOrEqualTo(64 + 1);
        }
    }
}
