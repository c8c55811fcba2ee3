package dev.ninepin.daemon.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.fuse.mount.KernelLimits;
import dev.ninepin.operations.CacheMode;
import dev.ninepin.operations.Timeouts;
import dev.ninepin.p9.ByteString;
import dev.ninepin.session.SessionOptions;
import dev.ninepin.share.id.IdMap;
import dev.ninepin.share.options.AccessTimes;
import dev.ninepin.share.options.UserAccess;
import dev.ninepin.virtio.driver.DriverKind;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MountOptionsTest {
    @Test
    void noOptionsAreTheDefaults() throws Exception {
        assertThat(MountOptions.parse(""))
                .isEqualTo(new MountOptions(
                        false,
                        false,
                        false,
                        false,
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        OptionalInt.empty(),
                        ByteString.EMPTY,
                        null,
                        CacheMode.OPEN,
                        Timeouts.of(CacheMode.OPEN),
                        true,
                        KernelLimits.DEFAULT,
                        true,
                        false,
                        List.of(),
                        UserAccess.ANY,
                        IdMap.SAME,
                        Optional.empty(),
                        Duration.ofSeconds(60),
                        true,
                        V9fsOptions.NONE));
    }

    @Test
    void everyOptionIsTaken() throws Exception {
        assertThat(MountOptions.parse(
                        "ro,allow_other,default_permissions,contain_symlinks,uid=1000,gid=100,msize=65536,aname=/srv,"
                                + "uname=glenda,cache=loose,attr_timeout=30,entry_timeout=0.5,negative_timeout=0,no_writeback,"
                                + "max_read=65536,readahead=262144,max_background=12,noxattr,driver=uio,locks=remote,"
                                + "access=1234,timeout=5"))
                .isEqualTo(new MountOptions(
                        true,
                        true,
                        true,
                        true,
                        OptionalInt.of(1000),
                        OptionalInt.of(100),
                        OptionalInt.of(65536),
                        ByteString.of("/srv"),
                        ByteString.of("glenda"),
                        CacheMode.LOOSE,
                        new Timeouts(Duration.ofSeconds(30), Duration.ofMillis(500), Duration.ZERO),
                        false,
                        new KernelLimits(65536, OptionalInt.of(262144), 12),
                        false,
                        true,
                        List.of(),
                        UserAccess.one(1234),
                        IdMap.SAME,
                        Optional.of(DriverKind.UIO),
                        Duration.ofSeconds(5),
                        true,
                        V9fsOptions.NONE));
    }

    @ParameterizedTest
    @CsvSource({
        "'', 60, 60",
        "timeout=0, 0, 60",
        "timeout=5, 5, 60",
        "timeout=600, 600, 600",
        "'timeout=600,noreconnect', 600, 600"
    })
    void aTimeoutLeavesASlowServerTimeToAnswer(final String list, final int patience, final int request)
            throws Exception {
        assertThat(MountOptions.parse(list).withWaits(SessionOptions.defaults(0)))
                .returns(Duration.ofSeconds(patience), SessionOptions::patience)
                .returns(Duration.ofSeconds(request), SessionOptions::requestTimeout);
    }

    @Test
    void accessSaysWhoIsAttachedAsWhom() throws Exception {
        assertThat(MountOptions.parse("access=user,allow_other"))
                .returns(UserAccess.EACH, MountOptions::access)
                .returns(false, MountOptions::defaultPermissions);
        assertThat(MountOptions.parse("allow_other,access=client"))
                .returns(UserAccess.EACH, MountOptions::access)
                .returns(true, MountOptions::defaultPermissions);
        assertThat(MountOptions.parse("access=client,access=any")).isEqualTo(MountOptions.parse(""));
    }

    @Test
    void eachRangeOfNumbersIsOneForUsersOrForGroupsOrForBoth() throws Exception {
        assertThat(MountOptions.parse("idmap=u:1000:2000:1,gid=7,idmap=u:0:0:1").idMap())
                .isEqualTo(new IdMap(List.of(new IdMap.Range(1000, 2000, 1), new IdMap.Range(0, 0, 1)), List.of()));
        assertThat(MountOptions.parse("idmap=b:0:100000:65536,idmap=65536:7:1,idmap=g:70000:0:1")
                        .idMap())
                .isEqualTo(new IdMap(
                        List.of(new IdMap.Range(0, 100_000, 65536), new IdMap.Range(65536, 7, 1)),
                        List.of(
                                new IdMap.Range(0, 100_000, 65536),
                                new IdMap.Range(65536, 7, 1),
                                new IdMap.Range(70_000, 0, 1))));
    }

    @Test
    void aLaterOptionOverridesAnEarlierOne() throws Exception {
        assertThat(MountOptions.parse("ro,rw,contain_symlinks,no_contain_symlinks,uid=1,uid=2,cache=none,cache=open,"
                        + "locks=remote,locks=local,attr_timeout=9,attr_timeout=1,no_writeback,writeback"))
                .isEqualTo(MountOptions.parse("uid=2"));
    }

    @ParameterizedTest
    @EnumSource(CacheMode.class)
    void eachCacheModeHasItsTimeouts(final CacheMode cache) throws Exception {
        assertThat(MountOptions.parse("cache=" + cache.name().toLowerCase(Locale.ROOT)))
                .returns(new Timeouts(cache.attributes(), cache.attributes(), cache.absences()), MountOptions::timeouts)
                .returns(cache != CacheMode.NONE, MountOptions::writesBehind);
    }

    @ParameterizedTest
    @CsvSource({"0,0", "0.0,0", "2,2000000000", ".25,250000000", "0.000000001,1", "999999999.5,999999999500000000"})
    void aTimeoutHasAFraction(final String seconds, final long nanos) throws Exception {
        final Duration wanted = Duration.ofNanos(nanos);
        assertThat(MountOptions.parse("attr_timeout=%1$s,entry_timeout=%1$s,negative_timeout=%1$s".formatted(seconds))
                        .timeouts())
                .isEqualTo(new Timeouts(wanted, wanted, wanted));
    }

    @Test
    void whatACacheModeDoesAnywayMayBeAskedFor() throws Exception {
        assertThat(MountOptions.parse("attr_timeout=0,no_writeback,cache=none,entry_timeout=0,negative_timeout=0.0"))
                .isEqualTo(MountOptions.parse("cache=none"));
        assertThat(MountOptions.parse("writeback,attr_timeout=1,entry_timeout=1,negative_timeout=1"))
                .isEqualTo(MountOptions.parse(""));
    }

    @Test
    void aLimitIsOneThatTheKernelCanApply() throws Exception {
        assertThat(MountOptions.parse("max_read=70000,readahead=0,max_background=1")
                        .limits())
                .isEqualTo(new KernelLimits(69632, OptionalInt.of(0), 1));
        assertThat(MountOptions.parse("max_read=9999999999,max_readahead=9999999999,max_background=9999999999")
                        .limits())
                .isEqualTo(new KernelLimits(KernelLimits.LARGEST_READ, OptionalInt.of(16 << 20), 65535));
    }

    @Test
    void whatTheKernelCanEnforceIsHandedToIt() throws Exception {
        assertThat(MountOptions.parse("sync,dirsync,noexec,noatime,suid,dev").kernelFlags())
                .containsExactly("dev", "dirsync", "noatime", "noexec", "suid", "sync");
        // The options that mount(8) passes on for "user" in fstab.
        assertThat(MountOptions.parse("rw,noatime,noexec,nosuid,nodev,_netdev,nofail,user")
                        .kernelFlags())
                .containsExactly("noatime", "noexec");
    }

    @ParameterizedTest
    @MethodSource("dev.ninepin.daemon.options.MountManual#all")
    void everyOptionOfMountsManualIsTaken(final String option) throws Exception {
        assertThat(MountOptions.parse(option)).isNotNull();
        assertThat(MountOptions.withoutUnknown("zip," + option)).isEqualTo(option);
    }

    @Test
    void aCommaBetweenQuotesBelongsToTheContext() throws Exception {
        assertThat(MountOptions.parse("ro,context=\"a:s0:c1,c2\",noexec,context=\"a:s0:c3,c4\"")
                        .kernelFlags())
                .containsExactly("context=\"a:s0:c3,c4\"", "noexec");
        assertThat(MountOptions.withoutUnknown("zip,context=\"a,b\",remount")).isEqualTo("context=\"a,b\",remount");
    }

    @Test
    void ofTheAccessTimesTheLastWordCounts() throws Exception {
        assertThat(MountOptions.parse("nosymfollow,nodiratime,strictatime,noatime"))
                .returns(List.of("noatime", "nodiratime", "nosymfollow"), MountOptions::kernelFlags)
                .returns(AccessTimes.NONE, MountOptions::accessTimes);
        assertThat(MountOptions.parse("noatime,strictatime,nodiratime"))
                .returns(List.of("nodiratime", "strictatime"), MountOptions::kernelFlags)
                .returns(AccessTimes.FILES, MountOptions::accessTimes);
        assertThat(MountOptions.parse("noatime,nodiratime,diratime,atime").accessTimes())
                .isEqualTo(AccessTimes.SERVER);
    }

    @Test
    void theOppositeWordTakesBackWhatTheKernelWasToEnforce() throws Exception {
        assertThat(MountOptions.parse("sync,noexec,noatime,suid,dev,async,exec,atime,nosuid,nodev")
                        .kernelFlags())
                .isEmpty();
        assertThat(MountOptions.parse("nosuid,suid").kernelFlags()).containsExactly("suid");
    }

    @Test
    void aSloppyListLosesWhatNobodyKnowsAndNothingElse() {
        assertThat(MountOptions.withoutUnknown("rw,frobnicate=3,uid=7,x-any.thing,noexec,zip,_netdev"))
                .isEqualTo("rw,uid=7,x-any.thing,noexec,_netdev");
    }

    /** Options that mount(8) was observed to pass on, and options that occur in fstab. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "rw,exec,async,atime,nosuid,nodev,_netdev,nofail,user",
                "defaults,x-systemd.automount,x-systemd.idle-timeout=10min,X-mount.mkdir,comment=mine",
                "relatime,lazytime,auto,noauto,users,owner,group",
                ",,nofail,"
            })
    void whatMountMeansForItselfChangesNothing(final String list) throws Exception {
        assertThat(MountOptions.parse(list)).isEqualTo(MountOptions.parse(""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mszie=65536 | unknown option mszie: did you mean msize?",
                "allow_others | unknown option allow_others: did you mean allow_other?",
                "frobnicate=3 | unknown option frobnicate; valid options: access, allow_other, aname, attr_timeout,"
                        + " cache, contain_symlinks, default_permissions, driver, entry_timeout, gid, idmap, locks,"
                        + " max_background, max_read, max_readahead, msize, negative_timeout, no_contain_symlinks,"
                        + " no_writeback, noreconnect, noxattr, readahead, ro, rw, timeout, uid, uname, writeback, and the"
                        + " options of mount(8)",
                "rsize=65536 | unknown option rsize: did you mean max_read?",
                "attr_timeout=1s | option attr_timeout=1s: must be a number of seconds from 0 to 999999999, such as"
                        + " attr_timeout=30 or attr_timeout=0.5",
                "negative_timeout=-1 | option negative_timeout=-1: must be a number of seconds from 0 to 999999999,"
                        + " such as negative_timeout=30 or negative_timeout=0.5",
                "entry_timeout | option entry_timeout needs a value: write -o entry_timeout=VALUE",
                "entry_timeout=0.5,cache=none | option entry_timeout=0.5 contradicts cache=none, which asks the server"
                        + " each time and waits for each write: leave one of them out",
                "cache=none,writeback | option writeback contradicts cache=none, which asks the server each time and"
                        + " waits for each write: leave one of them out",
                "writeback=yes | option writeback takes no value: write -o writeback",
                "max_read=64k | option max_read=64k: must be a plain number of bytes from 4096 to 1048576",
                "max_read=4095 | option max_read=4095: must be a plain number of bytes from 4096 to 1048576",
                "readahead=-1 | option readahead=-1: must be a plain number of bytes from 0 to 16777216",
                "max_background=0 | option max_background=0: must be a plain number of requests from 1 to 65535",
                "remount | option remount is for mount(8): mount -o remount,OPTION... DIR",
                "noexec=7 | option noexec takes no value: write -o noexec",
                "context= | option context needs a value: write -o context=VALUE",
                "rw= | option rw takes no value: write -o rw",
                "ro=1 | option ro takes no value: write -o ro",
                "uid | option uid needs a value: write -o uid=VALUE",
                "cache= | option cache needs a value: write -o cache=VALUE",
                "driver=virtio-pci | option driver=virtio-pci: must be one of vfio, uio, sysfs",
                "locks=posix | option locks=posix: must be one of local, remote",
                "access=users | option access=users: must be one of user, client, any, or a user's number",
                "access=user | option access=user needs allow_other, because otherwise only the mounting user may use"
                        + " the mount: add -o allow_other",
                "access=client | option access=client needs allow_other, because otherwise only the mounting user may"
                        + " use the mount: add -o allow_other",
                "idmap=1000:2000 | option idmap=1000:2000: must be TYPE:SERVER:LOCAL:COUNT, with u (users), g (groups)"
                        + " or b (both) for TYPE, and numbers; idmap=u:1000:2000:1 shows the files of server user 1000"
                        + " as owned by local user 2000",
                "idmap=u:0:1:4294967295 | option idmap=u:0:1:4294967295: from 0 and 1 on, 4294967295 numbers: there are"
                        + " those from 0 to 4294967294",
                "idmap=u:0:100:10,idmap=b:50:109:5 | option idmap: the ranges 0:100:10 and 50:109:5 of users overlap",
                "idmap=g:5:100:10,idmap=g:0:200:6 | option idmap: the ranges 5:100:10 and 0:200:6 of groups overlap",
                "uid=0,idmap=0:100:1 | uid= shows one owner for all files, so idmap= can't map users: give one of them",
                "gid=0,idmap=g:0:100:1 | gid= shows one group for all files, so idmap= can't map groups: give one of"
                        + " them",
                "cache=tight | option cache=tight: must be one of none, open, loose",
                "uid=bob | option uid=bob: must be a number from 0 to 4294967294, as id(1) shows it for a name",
                "gid=4294967295 | option gid=4294967295: must be a number from 0 to 4294967294, as id(1) shows it for a"
                        + " name",
                "msize=2048k | option msize=2048k: must be a plain number of bytes from 4096 to 16777216, such as"
                        + " msize=131096",
                "msize=4095 | option msize=4095: must be a plain number of bytes from 4096 to 16777216, such as"
                        + " msize=131096"
            })
    void anErrorNamesTheOptionAndTheWayOut(final String list, final String message) {
        final NinepinException e =
                catchThrowableOfType(NinepinException.class, () -> MountOptions.parse("nofail," + list));
        assertThat(e.sentence()).isEqualTo(message);
        assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE);
    }

    @Property
    void everyUserNumberIsKeptInAllItsBits(@ForAll @LongRange(min = 0, max = 0xffff_fffeL) final long id)
            throws Exception {
        final MountOptions options = MountOptions.parse("uid=" + id + ",gid=" + id);
        assertThat(Integer.toUnsignedLong(options.uid().orElseThrow())).isEqualTo(id);
        assertThat(options.gid()).isEqualTo(options.uid());
    }

    @Property
    void everyMsizeInRangeIsTaken(@ForAll @IntRange(min = 4096, max = 16 << 20) final int msize) throws Exception {
        assertThat(MountOptions.parse("msize=" + msize).msize()).hasValue(msize);
    }

    @Property
    void anyTextIsReadOrRefusedInWords(@ForAll final String list) {
        try {
            MountOptions.parse(list);
        } catch (final NinepinException e) {
            assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE);
        }
    }
}
