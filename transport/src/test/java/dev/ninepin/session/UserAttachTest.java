package dev.ninepin.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ninepin.channel.stream.StreamChannel;
import dev.ninepin.session.exchange.RemoteException;
import dev.ninepin.session.fid.FidTable;
import dev.ninepin.testing.DiodServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests with a diod that looks users up, as it does by default. The diods of the other tests do not. */
class UserAttachTest {
    private static final int EPERM = 1;
    private static final int ROOT = 0;
    private static final int UNKNOWN = 987_654_321;

    @Test
    void whoIsNoUserOfTheServersIsRefused(@TempDir final Path export) throws Exception {
        final List<String> command = new ArrayList<>(DiodServer.commandOnPipes(export));
        command.remove("--no-userdb");
        try (Session session = Session.connect(
                StreamChannel.exec(command), SessionOptions.defaults(ROOT).withAname(DiodServer.aname(export)))) {
            final FidTable his = session.fids().forUser(UNKNOWN);
            assertThatThrownBy(() -> his.lease(his.root()))
                    .isInstanceOfSatisfying(
                            RemoteException.class, e -> assertThat(e.errno()).isEqualTo(EPERM));
            assertThat(session.fids().used()).isOne();
        }
    }
}
