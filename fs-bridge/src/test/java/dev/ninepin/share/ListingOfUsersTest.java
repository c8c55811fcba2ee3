package dev.ninepin.share;

import static dev.ninepin.operations.FileOperations.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Errno;
import dev.ninepin.operations.FileOperations;
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
        assumeTrue(uid() == 0, "only root may give files to other users");
        Files.setPosixFilePermissions(export, PosixFilePermissions.fromString("rwxr-xr-x"));
        final Path directory = Files.createDirectory(export.resolve("private"));
        Files.createFile(directory.resolve("secret"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        Files.setAttribute(directory, "unix:uid", OWNER);
        final Share share = Share.open(
                connect(SessionOptions.defaults(NOBODY).withAname(server.aname())),
                new ShareOptions(CacheMode.OPEN, OptionalInt.empty(), OptionalInt.empty()).withAccess(UserAccess.EACH));
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
