package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Entry;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
import dev.ninepin.p9.Dirent;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.options.ShareOptions;
import dev.ninepin.share.options.UserAccess;
import dev.ninepin.testing.OnServer;
import dev.ninepin.testing.ServerKind;
import dev.ninepin.testing.SessionFixture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Tests of remembered listings where the server decides which user may list a directory. */
@OnServer(ServerKind.DIOD_UNIX)
class ListingOfUsersTest extends SessionFixture {
    private static final int NOBODY = 65534;
    private static final int OWNER = 1234;
    private static final int OTHER = 4321;

    @Test
    void aListingIsRememberedOnlyForTheUserWhoHasReadIt() throws IOException {
        final Path directory = makeDirectoryOfOwner("private", "rwx------");
        final Share share = openShare();
        final FileOperations owner = share.forUser(() -> OWNER);
        final FileOperations other = share.forUser(() -> OTHER);
        final long node = owner.lookup(ROOT, name("private")).node();

        for (int i = 0; i < 3; i++) {
            await().pollInSameThread().until(() -> {
                final long before = listingsRead();
                assertThat(list(owner, node)).contains("secret");
                return listingsRead() == before;
            });
            ShareFixture.assertErrno(Errno.EACCES, () -> other.opendir(node));
        }

        // Now the server allows it.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(list(other, node)).contains("secret");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        ShareFixture.assertErrno(Errno.EACCES, () -> other.opendir(node));
        share.forget(node, 1);
        share.close();
    }

    /** A user who may read a directory but not search it sees names, and no attributes. */
    @Test
    void attributesThatAnotherUserHasReadAreNotShownToAUserWhoMayNotSearchTheDirectory() throws IOException {
        makeDirectoryOfOwner("readable", "rwxr--r--");
        final Share share = openShare();
        final FileOperations owner = share.forUser(() -> OWNER);
        final FileOperations other = share.forUser(() -> OTHER);
        final long node = owner.lookup(ROOT, name("readable")).node();
        other.lookup(ROOT, name("readable"));

        final long secret = lookUpListed(owner, node).orElseThrow().node();

        assertThat(lookUpListed(other, node)).isEmpty();
        ShareFixture.assertErrno(Errno.EACCES, () -> other.lookup(node, name("secret")));
        share.forget(secret, 1);
        share.forget(node, 2);
        share.close();
    }

    /** Makes a directory of another user, with a file "secret". */
    private Path makeDirectoryOfOwner(final String name, final String permissions) throws IOException {
        assumeTrue(uid() == 0, "only root may give files to other users");
        Files.setPosixFilePermissions(export, PosixFilePermissions.fromString("rwxr-xr-x"));
        final Path directory = Files.createDirectory(export.resolve(name));
        Files.createFile(directory.resolve("secret"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(permissions));
        Files.setAttribute(directory, "unix:uid", OWNER);
        return directory;
    }

    private Share openShare() throws IOException {
        return Share.open(
                connect(SessionOptions.defaults(NOBODY).withAname(server.aname())),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()).withAccess(UserAccess.EACH));
    }

    /** Lists a directory, and looks up the name "secret" as READDIRPLUS does. */
    private static Optional<Entry> lookUpListed(final FileOperations user, final long node) throws IOException {
        final long handle = user.opendir(node);
        final List<Dirent> entries = new ArrayList<>();
        final long since = user.readdir(handle, 0, entries::add);
        user.releasedir(handle);
        entries.removeIf(entry -> !entry.name().equals(name("secret")));
        assertThat(entries).hasSize(1);
        return user.lookupAll(node, entries, since).get(0);
    }

    private List<String> list(final FileOperations user, final long node) throws IOException {
        final long handle = user.opendir(node);
        final List<String> names = new ArrayList<>();
        final long since =
                user.readdir(handle, 0, entry -> names.add(entry.name().toString()));
        assertThat(since - System.nanoTime()).isNegative();
        user.releasedir(handle);
        return names;
    }

    private long listingsRead() {
        return session.status().messages().stream()
                .filter(each -> each.name().equals("Treaddir"))
                .mapToLong(each -> each.count())
                .sum();
    }
}
