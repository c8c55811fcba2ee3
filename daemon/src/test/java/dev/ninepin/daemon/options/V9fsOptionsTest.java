package dev.ninepin.daemon.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.operations.CacheMode;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests of the options that users bring along from {@code mount -t 9p}. */
class V9fsOptionsTest {
    private static final String ALONE = "without allow_other,default_permissions, only this user may use the mount";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "trans=virtio,version=9p2000.L | hostshare | virtio:hostshare",
                "trans=virtio | a:b | virtio:a:b",
                "trans=virtio | virtio:hostshare | virtio:hostshare",
                "trans=virtio | qemu:/srv | qemu:/srv",
                "trans=tcp | 192.168.49.1 | tcp:192.168.49.1:564",
                "trans=tcp,port=5640 | 192.168.49.1 | tcp:192.168.49.1:5640",
                "port=5640 | filer | tcp:filer:5640",
                "trans=tcp,port=5640 | fd00::1 | tcp:[fd00::1]:5640",
                "trans=tcp,port=5640 | [fd00::1] | tcp:[fd00::1]:5640",
                "trans=tcp,port=5640 | tcp:filer | tcp:filer:5640",
                "trans=tcp,port=5640 | tcp:filer:5640 | tcp:filer:5640",
                "trans=tcp,port=5640 | tcp:[fd00::1]:5640 | tcp:[fd00::1]:5640",
                "trans=unix,uname=ann | /run/diod.sock | unix:/run/diod.sock",
                "trans=unix,port=5640 | /run/diod.sock | unix:/run/diod.sock",
                "trans=virtio,port=5640 | hostshare | virtio:hostshare",
                "version=9p2000.L | hostshare | virtio:hostshare",
            })
    void theTransportIsTheSchemeOfTheSource(final String list, final String source, final String expected)
            throws Exception {
        final Source parsed = MountOptions.parse(list).v9fs().source(source);
        assertThat(parsed).hasToString(expected);
        // The daemon parses the complete source with the same options again.
        assertThat(MountOptions.parse(list).v9fs().source(expected)).isEqualTo(parsed);
    }

    @ParameterizedTest
    @CsvSource({
        "mmap,OPEN",
        "readahead,OPEN",
        "fscache,LOOSE",
        "0,NONE",
        "0x0,NONE",
        "1,OPEN",
        "0x5,OPEN",
        "0b101,",
        "7,OPEN",
        "8,LOOSE",
        "0xf,LOOSE",
        "0x8f,LOOSE",
        "143,LOOSE",
        "-1,",
        "0x,",
        "tight,"
    })
    void eachCacheOf9pIsTheNearestThatPromisesNoLess(final String value, final CacheMode expected) throws Exception {
        if (expected == null) {
            assertThat(sentence("cache=" + value))
                    .isEqualTo("option cache=" + value + ": must be one of none, open, loose");
        } else {
            assertThat(MountOptions.parse("cache=" + value).cache()).isEqualTo(expected);
        }
    }

    @Test
    void directioCachesNoDataWhateverElseIsSaid() throws Exception {
        assertThat(MountOptions.parse("directio,cache=loose").cache()).isEqualTo(CacheMode.NONE);
        assertThat(note("directio,cache=mmap,allow_other", "tag"))
                .contains("options of mount -t 9p: directio means cache=none");
    }

    @Test
    void aCopiedListWithAnAttachForEachUserLetsThemIn() throws Exception {
        assertThat(MountOptions.parse("access=client,trans=virtio"))
                .returns(true, MountOptions::allowOther)
                .returns(true, MountOptions::defaultPermissions);
        assertThat(note("access=user,version=9p2000.L", "tag"))
                .contains("options of mount -t 9p: access=user lets other users in");
    }

    @Test
    void moreMsizeThanIsOfUseIsLowered() throws Exception {
        assertThat(MountOptions.parse("msize=104857600").msize()).hasValue(16777216);
        assertThat(note("msize=104857600", "tag"))
                .contains("options of mount -t 9p: msize=104857600 means msize=16777216");
        assertThat(note("msize=104857600,msize=8192", "tag")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "trans=virtio,version=9p2000.L,rw,_netdev,nofail | hostshare"
                        + " | trans=virtio means the source virtio:hostshare; " + ALONE,
                "trans=virtio,version=9p2000.L,msize=131072,cache=mmap,allow_other | mount0"
                        + " | cache=mmap means cache=open, trans=virtio means the source virtio:mount0",
                "dfltgid=1000,dfltuid=1000,msize=262144,port=46464,trans=tcp,version=9p2000.L,allow_other | 10.0.0.1"
                        + " | trans=tcp means the source tcp:10.0.0.1:46464; ignored: dfltgid=1000, dfltuid=1000",
                "port=46464,allow_other | 10.0.0.1 | port=46464 means the source tcp:10.0.0.1:46464",
                "trans=virtio,posixacl,debug=0x4,afid=1,nodevmap,ignoreqv,negtimeout=100,cachetag=a,locktimeout=3,"
                        + "privport,rfdno=3,wfdno=4,sq=1,rq=1,port=564,allow_other | virtio:tag"
                        + " | ignored: afid=1, cachetag=a, debug=0x4, ignoreqv, locktimeout=3, negtimeout=100, nodevmap,"
                        + " port=564, posixacl, privport, rfdno=3, rq=1, sq=1, wfdno=4",
                "trans=virtio,allow_other | qemu:/srv | ignored: trans=virtio",
            })
    void oneLineSaysWhatBecameOfThemAll(final String list, final String source, final String expected)
            throws Exception {
        assertThat(note(list, source)).contains("options of mount -t 9p: " + expected);
    }

    @Test
    void nothingIsSaidOfWhatIsAsItWas() throws Exception {
        assertThat(note("version=9p2000.L,trans=virtio,allow_other", "virtio:tag"))
                .isEmpty();
        assertThat(note("trans=tcp,port=564,allow_other", "tcp:filer"))
                .contains("options of mount -t 9p: port=564 means the source tcp:filer:564");
        assertThat(note("ro,cache=loose,access=any,msize=8192,noxattr", "tag")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "version=9p2000 | option version=9p2000: Ninepin speaks 9p2000.L only; leave the option out if the server"
                        + " speaks that too",
                "version=9p2000.u | option version=9p2000.u: Ninepin speaks 9p2000.L only; leave the option out if the"
                        + " server speaks that too",
                "noextend | option noextend asks for plain 9P2000, and Ninepin speaks 9P2000.L only",
                "trans=rdma | option trans=rdma: Ninepin has no such transport, only virtio, tcp and unix",
                "trans=xen | option trans=xen: Ninepin has no such transport, only virtio, tcp and unix",
                "trans=fd,rfdno=3,wfdno=4 | option trans=fd hands over descriptors, which Ninepin does not take: name the"
                        + " server instead, as unix:PATH, tcp:HOST or exec:COMMAND",
                "trans= | option trans=: must be one of virtio, tcp, unix",
                "port=0 | option port=0: must be a number from 1 to 65535",
                "port=99999 | option port=99999: must be a number from 1 to 65535",
                "port | option port=: must be a number from 1 to 65535",
            })
    void whatCannotBeDoneIsRefusedInASentence(final String list, final String message) {
        assertThat(sentence(list)).isEqualTo(message);
    }

    @Test
    void twoPortsAreRefused() {
        final NinepinException e = catchThrowableOfType(
                NinepinException.class,
                () -> MountOptions.parse("port=5640").v9fs().source("tcp:filer:564"));
        assertThat(e.sentence())
                .isEqualTo("option port=5640 and the source tcp:filer:564 name two ports: leave one out");
    }

    private static Optional<String> note(final String list, final String source) throws NinepinException {
        final MountOptions options = MountOptions.parse(list);
        return options.v9fs().note(source, options.v9fs().source(source), options.allowOther());
    }

    private static String sentence(final String list) {
        return catchThrowableOfType(NinepinException.class, () -> MountOptions.parse(list))
                .sentence();
    }
}
