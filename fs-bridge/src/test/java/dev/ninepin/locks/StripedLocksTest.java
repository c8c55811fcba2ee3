package dev.ninepin.locks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.inode.Inode;
import dev.ninepin.share.inode.Inodes;
import dev.ninepin.share.path.ModeLocks;
import dev.ninepin.share.path.NameLocks;
import dev.ninepin.share.path.StripedLocks;
import dev.ninepin.share.path.XattrLocks;
import dev.ninepin.testing.AnsweringChannel;
import dev.ninepin.testing.LyingServer;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class StripedLocksTest {
    @Test
    void theLocksOfEachPurposeHaveTheirPlaceInTheOrder() throws IOException {
        try (Session session = Session.connect(new AnsweringChannel(new LyingServer()), SessionOptions.defaults(0))) {
            final Inode file = new Inodes(session.fids(), 1).root();
            LockWatch.ORDER.takeViolations();

            assertThat(violations(file, new NameLocks(), new XattrLocks(), new ModeLocks()))
                    .isEmpty();
            assertThat(violations(file, new XattrLocks(), new NameLocks()))
                    .singleElement()
                    .asString()
                    .startsWith("NameLocks is taken under XattrLocks");
            assertThat(violations(file, new ModeLocks(), new ModeLocks()))
                    .singleElement()
                    .asString()
                    .startsWith("two locks of ModeLocks");
        }
    }

    private static List<String> violations(final Inode file, final StripedLocks... locks) throws IOException {
        if (locks.length == 0) {
            return LockWatch.ORDER.takeViolations();
        }
        try (StripedLocks.Held held = locks[0].shared(file)) {
            return violations(file, List.of(locks).subList(1, locks.length).toArray(StripedLocks[]::new));
        }
    }
}
