package dev.ninepin.daemon.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.User;
import dev.ninepin.daemon.options.MountOptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttachedUserTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0 | ro | 0",
                "1000 | ro | 1000",
                "1000 | idmap=u:5:1000:1 | 5",
                "1000 | idmap=u:0:1000:1 | 0",
                "0 | idmap=u:5:1000:1 | 0",
                "0 | allow_other,access=1000 | 1000",
                "1000 | access=1000 | 1000",
                "0 | allow_other,access=1000,idmap=u:5:1000:1 | 5",
                "0 | allow_other,access=user | 65534",
                "0 | allow_other,access=user,idmap=b:0:0:1 | 65534",
                "0 | allow_other,access=user,idmap=u:5:0:1 | 5",
                "0 | allow_other,access=client | 0",
                "0 | allow_other,access=user,default_permissions | 0",
                "1000 | allow_other,access=user | 1000",
                "1000 | allow_other,access=client,idmap=u:5:1000:1 | 5"
            })
    void itIsTheOneWhoMountsOrTheOnlyUserAsTheMapHasHim(final long mounting, final String list, final int number)
            throws Exception {
        assertThat(AttachedUser.number(MountOptions.parse(list), new User(mounting)))
                .isEqualTo(number);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1000 | idmap=u:5:7:1 | cannot attach as user 1000, because idmap= maps no server ID to it: add"
                        + " idmap=u:SERVER:1000:1",
                "0 | allow_other,access=1000,idmap=u:5:7:1 | cannot attach as user 1000, because idmap= maps no server"
                        + " ID to it: add idmap=u:SERVER:1000:1",
                "0 | access=1000 | option access=1000 needs allow_other, because otherwise only the mounting user may"
                        + " use the mount: add -o allow_other",
                "1000 | allow_other,access=user,idmap=u:0:1000:1 | idmap= maps user 1000 to root on the server, but"
                        + " access=user and access=client permit that only for root of this host",
                "1000 | allow_other,access=client,idmap=u:0:1000:1 | idmap= maps user 1000 to root on the server, but"
                        + " access=user and access=client permit that only for root of this host"
            })
    void whatWouldLetNobodyInOrMakeSomebodyRootIsRefusedInWords(
            final long mounting, final String list, final String message) throws Exception {
        final MountOptions options = MountOptions.parse(list);
        final NinepinException e =
                catchThrowableOfType(NinepinException.class, () -> AttachedUser.number(options, new User(mounting)));
        assertThat(e.sentence()).isEqualTo(message);
        assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE);
    }
}
