package dev.ninepin.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ninepin.daemon.control.ControlMessages;
import dev.ninepin.daemon.control.MountStatus;
import java.lang.reflect.RecordComponent;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StatusTextTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-22T14:05:07Z"), ZoneOffset.UTC);

    @Test
    void aMountIsShownOnOneScreen() {
        assertThat(new StatusText(CLOCK, false).render(status(MountStatus.CONNECTED, "/var/log/ninepin/mnt-host.log")))
                .isEqualTo("""
                        qemu:/srv/share on /mnt/host
                          state     connected, since 2026-11-22 12:00:00 (2 h 5 min)
                          daemon    pid 4711, ninepin 0.1.0, log /var/log/ninepin/mnt-host.log
                          protocol  9P2000.L, msize 131096
                          in use    tags 3 of 128, fids 17 of 8192, stray replies 0
                          9P        2 in flight, oldest 12.5ms, read 1.0 GiB, written 1.5 MiB
                          channel   qemu /srv/share, pci address 0000:00:04.0, mount tag ninepin,
                                    queue size 128
                          files     1 in progress, oldest 2.5s, read 2.0 GiB, written 1023 B
                          memory    heap 23.1 MiB of 512.0 MiB, resident 97.7 MiB, GC 5 times 34 ms,
                                    23 threads
                         operation    count errors median    99% message      count errors median    99%
                         read          1.2M      0 23.4us  310us Tread         1.2M      0 12.0us  1.5ms
                         lookup        1000     17  110us  150ms Twalk          900     17 80.0us   1.2s
                                                                 Tversion         1      0 36.0ms 36.0ms
                        """);
    }

    @Test
    void aDisconnectedMountShowsTheReasonAndItsTime() {
        assertThat(new StatusText(CLOCK, false)
                        .render(disconnected(
                                "unix:/run/diod.sock: the server closed the connection in the middle of a message")))
                .startsWith("""
                        qemu:/srv/share on /mnt/host
                          state     disconnected since 2026-11-22 14:00:00 (5 min 7 s):
                                    unix:/run/diod.sock: the server closed the connection in the middle
                                    of a message
                          mounted   since 2026-11-22 12:00:00 (2 h 5 min)
                          daemon    pid 4711, ninepin 0.1.0
                        """);
        assertThat(ControlMessages.gson().toJson(disconnected("exec:diod: the command ended with status 1")))
                .contains("""
                        "state":"disconnected","since":"2026-11-22T12:00:00Z",\
                        "disconnected_since":"2026-11-22T14:00:00Z",\
                        "disconnect_reason":"exec:diod: the command ended with status 1",\
                        "pid":4711""");
    }

    @Test
    void aSilentServerIsShownWithTheBeginningOfItsSilence() {
        final MountStatus silent = silent(MountStatus.SILENT);
        assertThat(new StatusText(CLOCK, false).render(silent)).startsWith("""
                        qemu:/srv/share on /mnt/host
                          state     silent since 2026-11-22 14:03:07 (2 min 0 s): the server does not
                                    answer
                          mounted   since 2026-11-22 12:00:00 (2 h 5 min)
                          daemon    pid 4711, ninepin 0.1.0
                        """);
        assertThat(new StatusText(CLOCK, false).render(silent(MountStatus.UNMOUNTING)))
                .contains("  state     unmounting, silent since 2026-11-22 14:03:07");
        assertThat(ControlMessages.gson().toJson(silent)).contains("""
                        "state":"silent","since":"2026-11-22T12:00:00Z",\
                        "silent_since":"2026-11-22T14:03:07Z","pid":4711""");
    }

    private static MountStatus silent(final String state) {
        final MountStatus plain = status(state, null);
        return with(plain, Map.of("silentSince", "2026-11-22T14:03:07Z"));
    }

    @Test
    void aReasonCannotCommandTheTerminal() {
        assertThat(new StatusText(CLOCK, false).render(disconnected("\u001b[2Jhello")))
                .doesNotContain("\u001b");
    }

    @Test
    void copiesOfTheMountAreNamed() {
        final MountStatus plain = status(MountStatus.UNMOUNTING, null);
        final MountStatus copied = with(
                plain,
                Map.of(
                        "copies",
                        List.of(
                                new MountStatus.Copy("/srv/here", null, null),
                                new MountStatus.Copy("/mnt/\nhost", 815L, "sl\u001beep"))));
        assertThat(new StatusText(CLOCK, false).render(copied))
                .contains("\n  state     unmounting, since ")
                .contains(
                        "\n  copies    /srv/here,\n            /mnt/?host in the mount namespace of process 815 (sl?eep)\n");
    }

    @Test
    void colourIsForTerminalsOnly() {
        final MountStatus status = disconnected("QEMU was killed by signal 9");
        assertThat(new StatusText(CLOCK, false).render(status)).doesNotContain("\u001b");
        assertThat(new StatusText(CLOCK, true).render(status)).contains("\u001b[1mdisconnected\u001b[0m");
    }

    @Test
    void aNameCannotCommandTheTerminal() {
        final MountStatus plain = status(MountStatus.CONNECTED, null);
        final MountStatus odd = with(plain, Map.of("source", "qemu:/srv/\u001b[2J\nfake"));
        assertThat(new StatusText(CLOCK, false).render(odd)).startsWith("qemu:/srv/?[2J?fake on /mnt/host\n");
    }

    /** Programs rely on the names in the JSON. Changing one breaks them and requires a change of docs/status.md. */
    @Test
    void theNamesInJsonAreStable() {
        assertThat(ControlMessages.gson().toJson(status(MountStatus.CONNECTED, "/log")))
                .isEqualTo("""
                        {"source":"qemu:/srv/share","mount_point":"/mnt/host","state":"connected",\
                        "since":"2026-11-22T12:00:00Z","pid":4711,"ninepin_version":"0.1.0","log":"/log","options":"ro,msize=131096",\
                        "connection":39,"copies":[],\
                        "protocol":{"version":"9P2000.L","msize":131096,"requests_in_flight":2,\
                        "oldest_request_ms":12.5,"tags_used":3,"tags_max":128,"fids_used":17,"fids_max":8192,\
                        "stray_replies":0,"bytes_read":1073741824,"bytes_written":1572864,"messages":[\
                        {"name":"Tread","count":1200000,"errors":0,"median_us":12.0,"p99_us":1500.0},\
                        {"name":"Twalk","count":900,"errors":17,"median_us":80.0,"p99_us":1200000.0},\
                        {"name":"Tversion","count":1,"errors":0,"median_us":36000.0,"p99_us":36000.0}]},\
                        "channel":{"kind":"qemu","device":"/srv/share","details":{"pci_address":"0000:00:04.0",\
                        "mount_tag":"ninepin","queue_size":"128"}},\
                        "files":{"requests_in_progress":1,"oldest_request_ms":2500.0,"bytes_read":2147483648,\
                        "bytes_written":1023,"operations":[\
                        {"name":"lookup","count":1000,"errors":17,"median_us":110.0,"p99_us":150000.0},\
                        {"name":"read","count":1234567,"errors":0,"median_us":23.4,"p99_us":310.0}]},\
                        "jvm":{"version":"17.0.15","heap_used":24222106,"heap_committed":33554432,\
                        "heap_max":536870912,"resident_bytes":102400000,"gc_count":5,"gc_time_ms":34,"threads":23}}""");
    }

    @Test
    void everyLineFitsInEightyColumns() {
        final List<MountStatus.Operation> many = IntStream.range(0, 15)
                .mapToObj(i -> new MountStatus.Operation("Trenameat", 999_999 - i, 99_999, 999.4, 999_400.0))
                .toList();
        final MountStatus plain = status(MountStatus.CONNECTED, "/var/log/ninepin/mnt.log");
        final MountStatus.Protocol p = plain.protocol();
        final MountStatus busy = with(
                plain,
                Map.of(
                        "protocol",
                        new MountStatus.Protocol(
                                p.version(),
                                p.msize(),
                                128,
                                60_000,
                                65_535,
                                65_535,
                                65_536,
                                65_536,
                                999_999,
                                1L << 50,
                                1L << 50,
                                many),
                        "files",
                        new MountStatus.Files(64, 60_000, 1L << 50, 1L << 50, many)));
        assertThat(new StatusText(CLOCK, false).render(busy).lines()).allMatch(line -> line.length() <= 80);
    }

    /** Returns a copy with other values of some components. */
    private static MountStatus with(final MountStatus plain, final Map<String, Object> changed) {
        final RecordComponent[] components = MountStatus.class.getRecordComponents();
        assertThat(components).extracting(RecordComponent::getName).containsAll(changed.keySet());
        try {
            final Class<?>[] types = new Class<?>[components.length];
            final Object[] values = new Object[components.length];
            for (int i = 0; i < components.length; i++) {
                final String name = components[i].getName();
                types[i] = components[i].getType();
                values[i] = changed.containsKey(name)
                        ? changed.get(name)
                        : components[i].getAccessor().invoke(plain);
            }
            return MountStatus.class.getDeclaredConstructor(types).newInstance(values);
        } catch (final ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    private static MountStatus disconnected(final String reason) {
        final MountStatus plain = status(MountStatus.DISCONNECTED, null);
        return with(plain, Map.of("disconnectedSince", "2026-11-22T14:00:00Z", "disconnectReason", reason));
    }

    private static MountStatus status(final String state, final String log) {
        final Map<String, String> details = new LinkedHashMap<>();
        details.put("pci_address", "0000:00:04.0");
        details.put("mount_tag", "ninepin");
        details.put("queue_size", "128");
        return new MountStatus(
                "qemu:/srv/share",
                "/mnt/host",
                state,
                "2026-11-22T12:00:00Z",
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                4711,
                "0.1.0",
                log,
                "ro,msize=131096",
                39,
                List.of(),
                new MountStatus.Protocol(
                        "9P2000.L",
                        131096,
                        2,
                        12.5,
                        3,
                        128,
                        17,
                        8192,
                        0,
                        1L << 30,
                        3L << 19,
                        List.of(
                                new MountStatus.Operation("Tread", 1_200_000, 0, 12, 1500),
                                new MountStatus.Operation("Twalk", 900, 17, 80, 1_200_000),
                                new MountStatus.Operation("Tversion", 1, 0, 36_000, 36_000))),
                new MountStatus.ChannelState("qemu", "/srv/share", details),
                new MountStatus.Files(
                        1,
                        2500,
                        2L << 30,
                        1023,
                        List.of(
                                new MountStatus.Operation("lookup", 1000, 17, 110, 150_000),
                                new MountStatus.Operation("read", 1_234_567, 0, 23.4, 310))),
                new MountStatus.Jvm("17.0.15", 24_222_106, 32 << 20, 512 << 20, 102_400_000, 5, 34, 23));
    }
}
