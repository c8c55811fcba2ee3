package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ninepin.operations.AttributeChange;
import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Caller;
import dev.ninepin.operations.Created;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.Timestamp;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Dirent;
import dev.ninepin.p9.OpenFlags;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.testing.BackgroundCall;
import dev.ninepin.testing.ServerKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Tests of the operations on names and attributes, run with each server. */
abstract class ShareContract extends ShareFixture {
    private static final int S_IFMT = 0170000;
    private static final int S_IFDIR = 0040000;
    private static final int S_IFREG = 0100000;
    private static final int S_IFLNK = 0120000;
    private static final int S_IFIFO = 0010000;
    private static final int ENXIO = 6;
    private static final int ROUNDS_BELOW = 50;
    private static final int ENAMETOOLONG = 36;
    private static final int MOST_WRONG_NUMBERS = 500;

    @Test
    void theRootIsADirectory() throws IOException {
        final Attributes root = share.getattr(ROOT);

        assertThat(root.mode() & S_IFMT).isEqualTo(S_IFDIR);
        assertThat(root.ino()).isEqualTo(inode(export));
    }

    @Test
    void lookupFindsWhatIsThereAndNothingElse() throws IOException {
        Files.write(export.resolve("file"), new byte[12345]);

        final Entry found = share.lookup(ROOT, name("file"));

        assertThat(found.attributes().size()).isEqualTo(12345);
        assertThat(found.attributes().ino()).isEqualTo(inode(export.resolve("file")));
        assertThat(found.attributes().mode() & S_IFMT).isEqualTo(S_IFREG);
        assertErrno(Errno.ENOENT, () -> share.lookup(ROOT, name("nothing")));
        assertErrno(ENAMETOOLONG, () -> share.lookup(ROOT, name("n".repeat(256))));
        assertErrno(Errno.ENOTDIR, () -> share.lookup(found.node(), name("below")));
        counted(found);
    }

    @Test
    void hardLinksAreTheSameNode() throws IOException {
        final long file = file(ROOT, "one", "data".getBytes(UTF_8));
        final long directory = mkdir(ROOT, "directory");

        final Entry linked = share.link(file, directory, name("two"));

        assertThat(counted(linked)).isEqualTo(file);
        assertThat(linked.attributes().nlink()).isEqualTo(2);
        assertThat(lookup("directory/two")).isEqualTo(file);
        assertThat(Files.isSameFile(export.resolve("one"), export.resolve("directory/two")))
                .isTrue();
        share.unlink(ROOT, name("one"));
        assertThat(share.getattr(file).nlink()).isEqualTo(1);
        final long handle = share.open(file, OpenFlags.RDONLY, NO_KERNEL);
        assertThat(text(handle)).isEqualTo("data");
        share.release(handle);
        assertErrno(Errno.EEXIST, () -> share.link(file, directory, name("two")));
    }

    @Test
    void aFileIsUsedByItsOtherNameWhenTheServerTakesTheOneItWasFoundUnder() throws IOException {
        final long one = file(ROOT, "one", new byte[3]);
        counted(share.link(one, ROOT, name("two")));
        counted(share.link(one, ROOT, name("three")));
        lookup("two");
        lookup("three");

        Files.delete(export.resolve("three"));
        assertThat(share.getattr(one).nlink()).isEqualTo(2);
        Files.delete(export.resolve("one"));
        counted(share.link(one, ROOT, name("four")));
        final long handle = share.open(one, OpenFlags.RDONLY, NO_KERNEL);
        share.release(handle);

        Files.delete(export.resolve("two"));
        Files.delete(export.resolve("four"));
        assertErrno(Errno.ESTALE, () -> share.open(one, OpenFlags.RDONLY, NO_KERNEL));
    }

    @Test
    void aLinkOutlivesTheDirectoryItWasFoundIn() throws IOException {
        // Without spare fids, each request needs a valid path.
        share.close();
        share = Share.open(
                connect(options().withMaxFids(0)),
                new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()));
        final long one = mkdir(ROOT, "one");
        file(one, "a", new byte[3]);
        final long two = mkdir(ROOT, "two");
        final long file = lookup("one/a");
        counted(share.link(file, two, name("b")));

        // The file's fid is given up for another one.
        file(ROOT, "other", new byte[0]);
        // The kernel no longer needs the first directory, and needs the file only under its other name.
        share.forget(one, 2);

        assertThat(share.getattr(file).size()).isEqualTo(3);
        assertThat(share.lookup(two, name("b")).node()).isEqualTo(file);
        share.forget(file, 1);
    }

    @Test
    void aDirectoryThatWasRemovedIsStillKnownToWhoHasIt() throws IOException {
        final long removed = mkdir(ROOT, "removed");
        final long replaced = mkdir(ROOT, "replaced");
        mkdir(ROOT, "new");
        final Attributes before = share.getattr(replaced);

        share.rmdir(ROOT, name("removed"));
        share.rename(ROOT, name("new"), ROOT, name("replaced"));

        assertThat(share.getattr(removed).nlink()).isZero();
        assertThat(share.getattr(replaced).nlink()).isZero();
        assertThat(share.getattr(replaced).mode()).isEqualTo(before.mode());
        assertThat(share.getattr(replaced).ino()).isEqualTo(before.ino());
    }

    @Test
    void aRemovedDirectoryTakesWhatADescriptorOfItIsUsedFor() throws IOException {
        final long directory = mkdir(ROOT, "directory");
        final long handle = share.opendir(directory);
        share.rmdir(ROOT, name("directory"));
        // Another directory of the same name, which none of the following requests may reach.
        final long other = mkdir(ROOT, "directory");
        final Attributes before = share.getattr(other);
        final Timestamp time = new Timestamp(1_000_000_000, 5);

        final Attributes changed = share.setattr(
                directory,
                new AttributeChange(
                        OptionalInt.of(0500),
                        OptionalInt.of(12),
                        OptionalInt.of(34),
                        OptionalLong.empty(),
                        Optional.of(new AttributeChange.TimeChange(Optional.of(time))),
                        Optional.empty(),
                        false));

        assertThat(changed.mode() & 07777).isEqualTo(0500);
        assertThat(changed.uid()).isEqualTo(12);
        assertThat(changed.gid()).isEqualTo(34);
        assertThat(changed.atime()).isEqualTo(time);
        assertThat(changed.nlink()).isZero();
        assertThat(share.getattr(directory)).isEqualTo(changed);
        assertErrno(Errno.ENOENT, () -> readAll(handle, 0, Integer.MAX_VALUE));
        share.fsyncdir(handle, false);
        share.releasedir(handle);
        assertThat(share.statfs(directory)).isNotNull();
        // Even now, it may be opened under the name ".".
        final long again = share.opendir(directory);
        assertErrno(Errno.ENOENT, () -> readAll(again, 0, Integer.MAX_VALUE));
        share.fsyncdir(again, true);
        share.releasedir(again);
        assertThat(share.getattr(other)).isEqualTo(before);
    }

    @Test
    void aRemovedFileThatIsKnownButNotOpenHasItsLastAttributesAndNoName() throws IOException {
        final long file = file(ROOT, "file", new byte[7]);
        final long linked = file(ROOT, "linked", new byte[8]);
        counted(share.link(linked, ROOT, name("other")));

        share.unlink(ROOT, name("file"));
        share.unlink(ROOT, name("linked"));
        final long next = file(ROOT, "file", new byte[1]);

        assertThat(share.getattr(file).size()).isEqualTo(7);
        assertThat(share.getattr(file).nlink()).isZero();
        assertThat(share.getattr(linked).nlink()).isEqualTo(1);
        assertThat(share.getattr(next).size()).isEqualTo(1);
        assertErrno(Errno.ESTALE, () -> share.open(file, OpenFlags.RDONLY, NO_KERNEL));
    }

    @Test
    void aNodeLivesUntilItWasForgottenAsOftenAsItWasHanded() throws IOException {
        Files.createFile(export.resolve("file"));
        final long node = share.lookup(ROOT, name("file")).node();
        assertThat(share.lookup(ROOT, name("file")).node()).isEqualTo(node);
        assertThat(share.lookup(ROOT, name("file")).node()).isEqualTo(node);

        share.forget(node, 2);
        assertThat(share.getattr(node)).isNotNull();
        share.forget(node, 1);

        assertErrno(Errno.ESTALE, () -> share.getattr(node));
        share.forget(node, 1);
        share.forget(ROOT, 100);
        assertThat(share.getattr(ROOT)).isNotNull();
        assertThat(counted(share.lookup(ROOT, name("file")))).isNotEqualTo(node);
    }

    @Test
    void namesAreBytes() throws IOException {
        final List<ByteString> names = List.of(
                bytes(0xe4, 0xf6, 0xfc),
                bytes('b', 'a', 'd', 0xc3, 0x28, 0xff, 0xfe),
                bytes(0x80),
                ByteString.of("\u00e4\u4e2d\ud83d\ude00"),
                ByteString.of(" \t\n\\\"'*"),
                ByteString.copyOf(filled(255, (byte) 0xf1)));
        for (final ByteString name : names) {
            final Created created = counted(share.create(me, ROOT, name, OpenFlags.WRONLY, 0644, NO_KERNEL));
            share.release(created.handle());
            assertThat(counted(share.lookup(ROOT, name)))
                    .isEqualTo(created.entry().node());
        }

        final long directory = share.opendir(ROOT);
        assertThat(readAll(directory, 0, Integer.MAX_VALUE))
                .extracting(Dirent::name)
                .containsAll(names);
        share.releasedir(directory);
        for (final ByteString name : names) {
            final ByteString renamed = ByteString.copyOf(reversed(name.toBytes()));
            share.rename(ROOT, name, ROOT, renamed);
            share.unlink(ROOT, renamed);
        }
        assertThat(list(ROOT)).isEmpty();
    }

    @Test
    void symbolicLinksKeepTheirTargetWhateverItIs() throws IOException {
        final ByteString target = bytes('.', '.', '/', 0xff, '/', 0xe4);
        // The kernel does this lookup before each symlink(2).
        assertErrno(Errno.ENOENT, () -> lookup("link"));

        final Entry link = share.symlink(me, ROOT, name("link"), target);

        assertThat(link.attributes().mode() & S_IFMT).isEqualTo(S_IFLNK);
        assertThat(share.readlink(counted(link))).isEqualTo(target);
        assertThat(link.attributes().uid()).isEqualTo(me.uid());
        assertErrno(Errno.EEXIST, () -> share.symlink(me, ROOT, name("link"), target));
        share.unlink(ROOT, name("link"));
        assertThat(list(ROOT)).isEmpty();
    }

    @Test
    void directoriesAreMadeAndRemoved() throws IOException {
        final long directory = mkdir(ROOT, "directory");
        file(directory, "file", new byte[0]);

        assertErrno(Errno.EEXIST, () -> mkdir(ROOT, "directory"));
        assertErrno(Errno.ENOTEMPTY, () -> share.rmdir(ROOT, name("directory")));
        assertErrno(Errno.EISDIR, () -> share.unlink(ROOT, name("directory")));
        assertErrno(Errno.ENOTDIR, () -> share.rmdir(directory, name("file")));
        assertErrno(Errno.ENOENT, () -> share.rmdir(ROOT, name("nothing")));
        assertErrno(Errno.ENOENT, () -> share.unlink(ROOT, name("nothing")));
        share.unlink(directory, name("file"));
        share.rmdir(ROOT, name("directory"));

        assertThat(export).isEmptyDirectory();
        assertThat(list(ROOT)).isEmpty();
    }

    @Test
    void specialFilesAreMadeWhereTheServerCan() throws IOException {
        if (server.kind().isQemu() && !server.kind().isMapped()) {
            // QEMU 7.2.22 creates the FIFO, and then cannot open it to set its mode.
            assertErrno(ENXIO, () -> share.mknod(me, ROOT, name("fifo"), S_IFIFO | 0600, 0));
            return;
        }
        final Entry fifo = share.mknod(me, ROOT, name("fifo"), S_IFIFO | 0600, 0);

        assertThat(fifo.attributes().mode()).isEqualTo(S_IFIFO | 0600);
        assertThat(share.getattr(counted(fifo)).mode()).isEqualTo(S_IFIFO | 0600);
    }

    @Test
    void mknodMakesRegularFilesToo() throws IOException {
        final Entry file = share.mknod(me, ROOT, name("file"), S_IFREG | 0640, 0);

        assertThat(file.attributes().mode()).isEqualTo(S_IFREG | 0640);
        counted(file);
    }

    @Test
    void renameMovesFilesAndDirectoriesWithAllThatIsKnownBelow() throws IOException {
        final long from = mkdir(ROOT, "from");
        final long to = mkdir(ROOT, "to");
        final long directory = mkdir(from, "directory");
        final long file = file(directory, "file", "data".getBytes(UTF_8));

        share.rename(from, name("directory"), to, name("moved"));

        assertThat(lookup("to/moved/file")).isEqualTo(file);
        assertThat(share.getattr(file).size()).isEqualTo(4);
        assertThat(share.getattr(directory).ino()).isEqualTo(inode(export.resolve("to/moved")));
        assertErrno(Errno.ENOENT, () -> share.lookup(from, name("directory")));
        assertErrno(Errno.ENOENT, () -> share.rename(from, name("directory"), to, name("x")));
        file(directory, "another", new byte[1]);
        assertThat(export.resolve("to/moved/another")).exists();
    }

    @Test
    void renameReplacesWhatHasTheName() throws IOException {
        final long old = file(ROOT, "old", "old".getBytes(UTF_8));
        final long other = file(ROOT, "other", "other".getBytes(UTF_8));
        final long empty = mkdir(ROOT, "empty");
        final long full = mkdir(ROOT, "full");
        file(full, "file", new byte[0]);

        share.rename(ROOT, name("old"), ROOT, name("other"));

        assertThat(lookup("other")).isEqualTo(old);
        assertThat(share.getattr(other).nlink()).isZero();
        assertErrno(Errno.ENOTEMPTY, () -> share.rename(ROOT, name("empty"), ROOT, name("full")));
        assertErrno(Errno.EISDIR, () -> share.rename(ROOT, name("other"), ROOT, name("full")));
        assertErrno(Errno.ENOTDIR, () -> share.rename(ROOT, name("full"), ROOT, name("other")));
        share.rename(ROOT, name("full"), ROOT, name("empty"));
        assertThat(lookup("empty")).isEqualTo(full);
        assertThat(share.getattr(empty).nlink()).isZero();
        assertThat(lookup("empty/file")).isPositive();
    }

    @Test
    void renameOfALinkToItsOtherNameLeavesBoth() throws IOException {
        final long file = file(ROOT, "one", new byte[7]);
        counted(share.link(file, ROOT, name("two")));

        share.rename(ROOT, name("one"), ROOT, name("two"));

        assertThat(share.getattr(file).size()).isEqualTo(7);
        assertThat(lookup("one")).isEqualTo(file);
        assertThat(lookup("two")).isEqualTo(file);
        assertThat(list(ROOT)).containsExactly("one", "two");
    }

    @Test
    void attributesAreChanged() throws IOException {
        final long file = file(ROOT, "file", new byte[100]);
        final Timestamp atime = new Timestamp(1_000_000_000L, 123_456_789);
        final Timestamp mtime = new Timestamp(3_000_000_000L, 987_654_321);

        assertThat(share.setattr(file, mode(0604)).mode()).isEqualTo(S_IFREG | 0604);
        assertThat(share.setattr(file, size(10)).size()).isEqualTo(10);
        assertThat(share.setattr(file, size(1000)).size()).isEqualTo(1000);
        final Attributes timed = share.setattr(file, times(atime, mtime));

        assertThat(timed.atime()).isEqualTo(atime);
        assertThat(timed.mtime()).isEqualTo(mtime);
        assertThat(Files.size(export.resolve("file"))).isEqualTo(1000);
    }

    @Test
    void filesBelongToWhoMakesThem() throws IOException {
        final Caller other = new Caller(1234, 5678);

        final Entry directory = share.mkdir(other, ROOT, name("directory"), 0755);
        final Entry link = share.symlink(other, ROOT, name("link"), name("x"));
        final Created file = counted(share.create(other, ROOT, name("file"), OpenFlags.RDWR, 0640, NO_KERNEL));
        share.release(file.handle());

        final List<Entry> all = new ArrayList<>(List.of(directory, link, file.entry()));
        if (!server.kind().isQemu() || server.kind().isMapped()) {
            final Entry fifo = share.mknod(other, ROOT, name("fifo"), S_IFIFO | 0640, 0);
            counted(fifo);
            all.add(fifo);
        }
        for (final Entry made : all) {
            assertThat(made.attributes().uid()).isEqualTo(1234);
            assertThat(made.attributes().gid()).isEqualTo(5678);
        }
        assertThat(file.entry().attributes().mode()).isEqualTo(S_IFREG | 0640);
        final Attributes changed = share.setattr(counted(directory), owner(4321, 8765));
        assertThat(changed.uid()).isEqualTo(4321);
        assertThat(changed.gid()).isEqualTo(8765);
        counted(link);
    }

    @Test
    void aNewFileHasTheAttributesThatFollowFromItsCreation() throws IOException {
        // The attributes of this one show that the server gives new files this owner.
        counted(share.mkdir(me, ROOT, name("first"), 0700));

        final List<Entry> all = new ArrayList<>();
        all.add(share.mkdir(me, ROOT, name("directory"), 0751));
        all.add(share.symlink(me, ROOT, name("link"), name("target")));
        all.add(share.mknod(me, ROOT, name("node"), S_IFREG | 0640, 0));
        final Created file = share.create(me, ROOT, name("file"), OpenFlags.RDWR, 0604, NO_KERNEL);
        all.add(file.entry());

        for (final Entry made : all) {
            final Attributes then = made.attributes();
            final Attributes now = share.getattr(counted(made));
            assertThat(then.isPredicted()).isEqualTo(server.kind() != ServerKind.GANESHA);
            assertThat(then.ino()).isEqualTo(now.ino());
            assertThat(then.mode()).isEqualTo(now.mode());
            assertThat(then.uid()).isEqualTo(now.uid());
            assertThat(then.gid()).isEqualTo(now.gid());
            if ((now.mode() & S_IFMT) != S_IFDIR) {
                assertThat(then.size()).isEqualTo(now.size());
                assertThat(then.nlink()).isEqualTo(now.nlink());
            }
        }
        share.release(file.handle());
    }

    @Test
    void aFileKeepsTheSetIdBitsThatItsMakerAsksFor() throws IOException {
        final Caller other = new Caller(1234, 5678);

        final Created file = counted(share.create(other, ROOT, name("file"), OpenFlags.RDWR, 06755, NO_KERNEL));
        share.release(file.handle());

        assertThat(file.entry().attributes().mode()).isEqualTo(S_IFREG | 06755);
        assertThat(share.getattr(file.entry().node()).mode()).isEqualTo(S_IFREG | 06755);
    }

    @Test
    void aSetgidDirectoryHandsItsGroupDown() throws IOException {
        final long shared = mkdir(ROOT, "shared");
        share.setattr(shared, owner(me.uid(), 777));
        share.setattr(shared, mode(02775));

        final Created file = create(shared, "file", OpenFlags.RDWR);
        share.release(file.handle());
        final Entry directory = share.mkdir(me, shared, name("directory"), 0755);

        assertThat(file.entry().attributes().gid()).isEqualTo(777);
        assertThat(directory.attributes().gid()).isEqualTo(777);
        assertThat(directory.attributes().mode()).isEqualTo(S_IFDIR | 02755);
        counted(directory);
    }

    @Test
    void ownersMayBeShownAsTheOptionsSay() throws IOException {
        share.close();
        share = open(new ShareOptions(CacheMode.OPEN, OptionalInt.of(11), OptionalInt.of(22)));

        final Created file =
                counted(share.create(new Caller(11, 22), ROOT, name("file"), OpenFlags.RDWR, 0600, NO_KERNEL));
        share.release(file.handle());

        assertThat(file.entry().attributes().uid()).isEqualTo(11);
        assertThat(file.entry().attributes().gid()).isEqualTo(22);
        if (!server.kind().isMapped()) {
            assertThat(Files.getAttribute(export.resolve("file"), "unix:uid")).isEqualTo(me.uid());
        }
        final long node = file.entry().node();
        assertThat(share.setattr(node, owner(11, 22)).uid()).isEqualTo(11);
        assertErrno(Errno.EPERM, () -> share.setattr(node, owner(12, 22)));
    }

    @Test
    void accessGoesByTheModeBits() throws IOException {
        final long file = file(ROOT, "file", new byte[0]);
        share.setattr(file, owner(1000, 2000));
        share.setattr(file, mode(0640));

        share.access(new Caller(1000, 1), file, 6);
        share.access(new Caller(1, 2000), file, 4);
        share.access(new Caller(1, 1).with(Set.of(7, 2000)), file, 4);
        share.access(new Caller(0, 0), file, 6);
        assertErrno(Errno.EACCES, () -> share.access(new Caller(1, 2000), file, 2));
        assertErrno(Errno.EACCES, () -> share.access(new Caller(1, 1), file, 4));
        assertErrno(Errno.EACCES, () -> share.access(new Caller(1, 1).with(Set.of(7, 2000)), file, 2));
        assertErrno(Errno.EACCES, () -> share.access(new Caller(0, 0), file, 1));
    }

    @Test
    void statfsAnswersForEveryKindOfFile() throws IOException {
        final long link = counted(share.symlink(me, ROOT, name("link"), name("nowhere")));
        final long file = file(ROOT, "file", new byte[0]);

        for (final long node : new long[] {ROOT, link, file}) {
            assertThat(share.statfs(node).blocks()).isPositive();
            assertThat(share.statfs(node).namelen()).isEqualTo(255);
        }
    }

    @Test
    void whatIsNotKnownIsRefused() {
        assertErrno(Errno.ESTALE, () -> share.getattr(99));
        assertErrno(Errno.EBADF, () -> share.read(99, 0, 1));
        assertErrno(Errno.EBADF, () -> share.release(0));
        assertErrno(Errno.EBADF, () -> share.readdir(99, 0, entry -> true));
    }

    @Test
    void aFileThatWasReplacedOnTheOtherSideIsStaleUntilItIsLookedUpAgain() throws IOException {
        final Path file = Files.write(export.resolve("file"), new byte[1]);
        final long node = lookup("file");
        final Path other = Files.write(export.resolve("other"), new byte[2]);
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);

        assertErrno(Errno.ESTALE, () -> share.getattr(node));
        assertErrno(Errno.ESTALE, () -> share.open(node, OpenFlags.RDONLY, NO_KERNEL));
        final Entry found = share.lookup(ROOT, name("file"));
        assertThat(found.attributes().size()).isEqualTo(2);
        assertThat(counted(found)).isNotEqualTo(node);
    }

    @Test
    void aFileThatIsGoneOnTheOtherSideIsGoneHere() throws IOException {
        final Path file = Files.write(export.resolve("file"), new byte[1]);
        final long node = lookup("file");
        Files.delete(file);

        assertErrno(Errno.ENOENT, () -> share.lookup(ROOT, name("file")));
        assertErrno(Errno.ESTALE, () -> share.getattr(node));
        assertErrno(Errno.ESTALE, () -> share.open(node, OpenFlags.RDONLY, NO_KERNEL));
    }

    @Test
    void whatWasRenamedOnTheOtherSideIsTheSameNodeUnderItsNewName() throws IOException {
        final long directory = mkdir(ROOT, "directory");
        final long file = file(directory, "file", new byte[5]);
        Files.move(export.resolve("directory/file"), export.resolve("directory/other"));

        assertThat(lookup("directory/other")).isEqualTo(file);
        assertThat(share.setattr(file, size(6)).size()).isEqualTo(6);

        Files.move(export.resolve("directory"), export.resolve("elsewhere"));
        assertThat(lookup("elsewhere")).isEqualTo(directory);
        assertThat(share.getattr(file).size()).isEqualTo(6);
        assertThat(lookup("elsewhere/other")).isEqualTo(file);
    }

    @Test
    void linksThatWereMadeOnTheOtherSideAreOneNode() throws IOException {
        Files.createDirectories(export.resolve("a/b"));
        Files.write(export.resolve("a/one"), new byte[3]);
        Files.createLink(export.resolve("a/b/two"), export.resolve("a/one"));
        Files.createLink(export.resolve("three"), export.resolve("a/one"));

        final long node = lookup("a/one");
        final long two = lookup("a/b/two");
        share.setattr(node, size(9));
        final long three = lookup("three");

        if (server.kind() == ServerKind.GANESHA) {
            // nfs-ganesha does not tell which file system a directory is on, so these may be files on several file
            // systems.
            assertThat(share.getattr(two).ino())
                    .isNotEqualTo(share.getattr(node).ino());
            assertThat(share.getattr(two).size()).isEqualTo(9);
        } else {
            assertThat(List.of(two, three)).containsOnly(node);
        }
        assertThat(share.getattr(node).nlink()).isEqualTo(3);
    }

    @Test
    void aFileWithTheNumberOfOneThatWasRemovedOnTheOtherSideIsAnother() throws IOException {
        final Path file = Files.write(export.resolve("file"), new byte[1]);
        final long number = inode(file);
        final long node = lookup("file");
        Files.delete(file);
        final Path other = madeWithNumber(number, path -> Files.write(path, "precious".getBytes(UTF_8)));

        final Entry found = share.lookup(ROOT, name("other"));
        assertThat(counted(found)).isNotEqualTo(node);
        assertThat(found.attributes().ino()).isEqualTo(number);
        assertErrno(Errno.ESTALE, () -> share.setattr(node, size(0)));
        assertErrno(Errno.ESTALE, () -> share.setattr(node, mode(0600)));
        assertErrno(Errno.ESTALE, () -> share.open(node, OpenFlags.RDWR, NO_KERNEL));
        assertThat(other).hasContent("precious");
    }

    @Test
    void aDirectoryWithTheNumberOfOneThatWasRemovedOnTheOtherSideIsAnother() throws IOException {
        final Path directory = Files.createDirectory(export.resolve("directory"));
        final long number = inode(directory);
        final long node = lookup("directory");
        Files.delete(directory);
        madeWithNumber(number, Files::createDirectory);

        assertThat(lookup("other")).isNotEqualTo(node);
        assertThatThrownBy(() -> create(node, "file", OpenFlags.RDWR))
                .satisfies(e -> assertThat(Errno.of(e)).isIn(Errno.ENOENT, Errno.ESTALE));
        assertThat(list(lookup("other"))).isEmpty();
    }

    /** Creates a file of some type. */
    @FunctionalInterface
    private interface Maker {
        void make(Path path) throws IOException;
    }

    /**
     * Creates "other" with an inode number that was just freed. This takes several attempts if other processes create
     * files too.
     */
    private Path madeWithNumber(final long number, final Maker maker) throws IOException {
        final Path other = export.resolve("other");
        final List<Path> wrong = new ArrayList<>();
        maker.make(other);
        while (inode(other) != number && wrong.size() < MOST_WRONG_NUMBERS) {
            wrong.add(Files.move(other, export.resolve("wrong" + wrong.size())));
            maker.make(other);
        }
        for (final Path each : wrong) {
            Files.delete(each);
        }
        assumeTrue(inode(other) == number, "this file system does not give the number of a removed file to a new one");
        return other;
    }

    @Test
    void whatChangedNamesOnTheOtherSideIsFoundUnderTheRightOnes() throws IOException {
        final long one = file(ROOT, "one", new byte[1]);
        final long two = file(ROOT, "two", new byte[2]);
        Files.move(export.resolve("one"), export.resolve("three"));
        Files.move(export.resolve("two"), export.resolve("one"));
        Files.move(export.resolve("three"), export.resolve("two"));

        assertThat(lookup("one")).isEqualTo(two);
        assertThat(lookup("two")).isEqualTo(one);
        assertThat(share.getattr(one).size()).isEqualTo(1);
        assertThat(share.getattr(two).size()).isEqualTo(2);
        share.unlink(ROOT, name("one"));
        assertThat(list(ROOT)).containsExactly("two");
        assertThat(share.getattr(one).size()).isEqualTo(1);
    }

    @Test
    void nothingInADirectoryFailsWhileOneAboveIsRenamed() throws Exception {
        final long below = mkdir(mkdir(mkdir(ROOT, "a"), "b"), "c");
        final long kept = file(below, "kept", "data".getBytes(UTF_8));
        final AtomicBoolean ends = new AtomicBoolean();
        final AtomicInteger renames = new AtomicInteger();
        try (BackgroundCall<Void> renaming = BackgroundCall.start("renaming", () -> {
            for (String from = "a", to = "A"; !ends.get() || from.equals("A"); renames.incrementAndGet()) {
                share.rename(ROOT, name(from), ROOT, name(to));
                final String before = from;
                from = to;
                to = before;
            }
            return null;
        })) {
            for (int i = 0; i < ROUNDS_BELOW || renames.get() < ROUNDS_BELOW; i++) {
                counted(share.mkdir(me, below, name("directory"), 0755));
                share.rename(below, name("directory"), below, name("renamed"));
                share.rmdir(below, name("renamed"));
                counted(share.mknod(me, below, name("node"), S_IFREG | 0644, 0));
                share.unlink(below, name("node"));
                counted(share.symlink(me, below, name("link"), ByteString.of("target")));
                share.unlink(below, name("link"));
                counted(share.link(kept, below, name("other")));
                share.unlink(below, name("other"));
                share.release(create(below, "created", OpenFlags.RDWR).handle());
                share.setattr(lookup(below, "created"), mode(0600));
                share.unlink(below, name("created"));
                assertThat(list(below)).containsExactly("kept");
            }
            ends.set(true);
            renaming.result();
        }
    }

    private long lookup(final long directory, final String name) throws IOException {
        return counted(share.lookup(directory, name(name)));
    }

    @Test
    void twoSharesOfOneExportSeeEachOther() throws IOException {
        final Share first = share;
        final var firstSession = session;
        final var firstChannel = channel;
        try (Share second = open(new ShareOptions(CacheMode.NONE, OptionalInt.empty(), OptionalInt.empty()))) {
            final Created made = first.create(me, ROOT, name("file"), OpenFlags.RDWR, 0644, NO_KERNEL);
            final Entry seen = second.lookup(ROOT, name("file"));
            second.setattr(seen.node(), size(5));
            assertThat(first.getattr(made.entry().node()).size()).isEqualTo(5);
            second.rename(ROOT, name("file"), ROOT, name("renamed"));
            assertThat(first.lookup(ROOT, name("renamed")).node())
                    .isEqualTo(made.entry().node());
            first.release(made.handle());
            first.unlink(ROOT, name("renamed"));
            assertErrno(Errno.ENOENT, () -> second.lookup(ROOT, name("renamed")));
            first.forget(made.entry().node(), 2);
            second.forget(seen.node(), 1);
        }
        session = firstSession;
        channel = firstChannel;
    }

    private static byte[] filled(final int length, final byte value) {
        final byte[] bytes = new byte[length];
        Arrays.fill(bytes, value);
        return bytes;
    }

    private static byte[] reversed(final byte[] bytes) {
        final byte[] reversed = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            reversed[i] = bytes[bytes.length - 1 - i];
        }
        reversed[0] = (byte) 0xee;
        return reversed;
    }

    private static long inode(final Path file) throws IOException {
        return (Long) Files.getAttribute(file, "unix:ino", LinkOption.NOFOLLOW_LINKS);
    }
}
