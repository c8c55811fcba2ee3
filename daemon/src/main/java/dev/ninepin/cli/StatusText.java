package dev.ninepin.cli;

import dev.ninepin.daemon.control.MountStatus;
import dev.ninepin.daemon.control.MountStatus.Operation;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The text form of a mount's status, for one screen of 80 columns. Labels and layout are ASCII in any locale. */
final class StatusText {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

    /** The format of a table row, which takes half the screen. */
    private static final String COLUMNS = "%-11s%7s%7s%7s%7s";

    private static final int WIDTH = 80;
    private static final String INDENT = "  ";
    private static final int LABEL = 10;

    private final Clock clock;
    private final boolean colour;

    /**
     * @param clock the clock that gives the current time and the time zone
     * @param colour whether to use terminal escapes
     */
    StatusText(final Clock clock, final boolean colour) {
        this.clock = clock;
        this.colour = colour;
    }

    String render(final MountStatus status) {
        final StringBuilder text = new StringBuilder();
        text.append(bold(printable(status.source()) + " on " + printable(status.mountPoint())))
                .append('\n');
        state(text, status);
        if (status.restarted() != null) {
            line(text, "restarted", since(status.restarted()));
        }
        line(text, "daemon", "pid " + status.pid() + ", ninepin " + status.ninepinVersion() + log(status));
        copies(text, status.copies());
        protocol(text, status.protocol());
        line(text, "channel", channel(status.channel()));
        files(text, status.files());
        memory(text, status.jvm());
        tables(text, status.files().operations(), status.protocol().messages());
        return text.toString();
    }

    /** Appends a labelled value and wraps it after commas. */
    private static void line(final StringBuilder text, final String label, final String value) {
        lines(text, label, value.split("(?<=, )", -1));
    }

    /** Appends a labelled value and wraps it between words. */
    private static void paragraph(final StringBuilder text, final String label, final String value) {
        lines(text, label, value.split("(?<= )", -1));
    }

    /** Appends a label and {@code parts}, with as many parts on each line as fit. */
    private static void lines(final StringBuilder text, final String label, final String... parts) {
        StringBuilder line = new StringBuilder(INDENT + pad(label, LABEL));
        boolean first = true;
        for (final String part : parts) {
            if (!first && line.length() + part.stripTrailing().length() >= WIDTH) {
                text.append(line.toString().stripTrailing()).append('\n');
                line = new StringBuilder(INDENT + pad("", LABEL));
            }
            line.append(part);
            first = false;
        }
        text.append(line).append('\n');
    }

    private static String pad(final String text, final int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    private void state(final StringBuilder text, final MountStatus status) {
        final String state = status.state().equals(MountStatus.CONNECTED) ? status.state() : bold(status.state());
        if (status.silentSince() != null) {
            final String silent = status.state().equals(MountStatus.SILENT) ? "" : ", " + MountStatus.SILENT;
            paragraph(
                    text, "state", state + silent + " " + since(status.silentSince()) + ": the server does not answer");
            line(text, "mounted", since(status.since()));
            return;
        }
        if (status.disconnectedSince() == null) {
            line(text, "state", state + ", " + since(status.since()));
            return;
        }
        final String gone = status.state().equals(MountStatus.DISCONNECTED) ? "" : ", " + MountStatus.DISCONNECTED;
        paragraph(
                text,
                "state",
                state + gone + " " + since(status.disconnectedSince()) + ": "
                        + printable(String.valueOf(status.disconnectReason())));
        if (status.state().equals(MountStatus.RECONNECTING)) {
            line(text, "attempts", attempts(status));
            if (status.reconnectFailure() != null) {
                paragraph(text, "", "the last one: " + printable(status.reconnectFailure()));
            }
        }
        line(text, "mounted", since(status.since()));
    }

    private String attempts(final MountStatus status) {
        final String next = status.reconnectNext() == null
                ? "the next is under way"
                : "the next in "
                        + Math.max(
                                        0,
                                        Duration.between(clock.instant(), Instant.parse(status.reconnectNext()))
                                                .toMillis())
                                / 1000.0
                        + " s";
        return status.reconnectTries() + " failed, " + next;
    }

    private static String log(final MountStatus status) {
        return status.log() == null ? "" : ", log " + printable(status.log());
    }

    private String since(final String since) {
        final Instant start = Instant.parse(since);
        return "since " + TIME.format(start.atZone(clock.getZone())) + " ("
                + duration(Duration.between(start, clock.instant())) + ")";
    }

    private static void copies(final StringBuilder text, final @Nullable List<MountStatus.Copy> copies) {
        if (copies != null && !copies.isEmpty()) {
            line(
                    text,
                    "copies",
                    printable(copies.stream().map(MountStatus.Copy::describe).collect(Collectors.joining(", "))));
        }
    }

    private static void protocol(final StringBuilder text, final MountStatus.Protocol protocol) {
        line(text, "protocol", protocol.version() + ", msize " + protocol.msize());
        line(
                text,
                "in use",
                "tags " + protocol.tagsUsed() + " of " + protocol.tagsMax() + ", fids " + protocol.fidsUsed() + " of "
                        + protocol.fidsMax() + ", stray replies " + protocol.strayReplies());
        line(
                text,
                "9P",
                waiting(protocol.requestsInFlight(), "in flight", protocol.oldestRequestMs()) + ", read "
                        + bytes(protocol.bytesRead()) + ", written " + bytes(protocol.bytesWritten()));
    }

    private static String channel(final MountStatus.ChannelState channel) {
        final String details = channel.details().entrySet().stream()
                .map(StatusText::detail)
                .map(detail -> ", " + detail)
                .collect(Collectors.joining());
        return channel.kind() + " " + printable(channel.device()) + details;
    }

    private static String detail(final Map.Entry<String, String> detail) {
        return printable(detail.getKey().replace('_', ' ') + " " + detail.getValue());
    }

    private static void files(final StringBuilder text, final MountStatus.Files files) {
        line(
                text,
                "files",
                waiting(files.requestsInProgress(), "in progress", files.oldestRequestMs()) + ", read "
                        + bytes(files.bytesRead()) + ", written " + bytes(files.bytesWritten()));
    }

    private static void memory(final StringBuilder text, final MountStatus.Jvm jvm) {
        line(
                text,
                "memory",
                "heap " + bytes(jvm.heapUsed()) + " of " + bytes(jvm.heapMax()) + ", resident "
                        + bytes(jvm.residentBytes()) + ", GC " + jvm.gcCount() + " times " + jvm.gcTimeMs() + " ms, "
                        + jvm.threads() + " threads");
    }

    /**
     * Appends the tables of file operations and 9P round trips side by side, so that their latencies can be compared.
     */
    private void tables(final StringBuilder text, final List<Operation> operations, final List<Operation> messages) {
        final List<String> left = rows(operations);
        final List<String> right = rows(messages);
        final String gap = INDENT.substring(1);
        text.append(bold(gap + header("operation") + gap + header("message"))).append('\n');
        final String none = pad("", header("").length());
        for (int i = 0; i < Math.max(left.size(), right.size()); i++) {
            final String row =
                    gap + (i < left.size() ? left.get(i) : none) + gap + (i < right.size() ? right.get(i) : "");
            text.append(row.stripTrailing()).append('\n');
        }
    }

    private static String header(final String name) {
        return String.format(COLUMNS, name, "count", "errors", "median", "99%");
    }

    private static List<String> rows(final List<Operation> operations) {
        return operations.stream()
                .sorted(Comparator.comparingLong(Operation::count).reversed().thenComparing(Operation::name))
                .map(each -> String.format(
                        COLUMNS,
                        each.name(),
                        number(each.count()),
                        number(each.errors()),
                        micros(each.medianUs()),
                        micros(each.p99Us())))
                .toList();
    }

    private static String number(final long number) {
        return number < 1_000_000 ? Long.toString(number) : String.format(Locale.ROOT, "%.1fM", number / 1e6);
    }

    private static String waiting(final int count, final String how, final double oldestMs) {
        return count + " " + how + (count == 0 ? "" : ", oldest " + micros(oldestMs * 1000));
    }

    /** Formats a duration given in microseconds, with about three digits. */
    private static String micros(final double micros) {
        if (micros < 1000) {
            return String.format(Locale.ROOT, micros < 100 ? "%.1fus" : "%.0fus", micros);
        }
        final double millis = micros / 1000;
        if (millis < 1000) {
            return String.format(Locale.ROOT, millis < 100 ? "%.1fms" : "%.0fms", millis);
        }
        return String.format(Locale.ROOT, "%.1fs", millis / 1000);
    }

    private static String bytes(final long bytes) {
        double amount = bytes;
        String unit = "B";
        for (final String larger : List.of("KiB", "MiB", "GiB", "TiB")) {
            if (amount < 1024) {
                break;
            }
            amount /= 1024;
            unit = larger;
        }
        return String.format(Locale.ROOT, unit.equals("B") ? "%.0f %s" : "%.1f %s", amount, unit);
    }

    private static String duration(final Duration duration) {
        if (duration.toDays() > 0) {
            return duration.toDays() + " d " + duration.toHoursPart() + " h";
        }
        if (duration.toHours() > 0) {
            return duration.toHours() + " h " + duration.toMinutesPart() + " min";
        }
        return duration.toMinutes() > 0
                ? duration.toMinutes() + " min " + duration.toSecondsPart() + " s"
                : duration.toSeconds() + " s";
    }

    /** Replaces control characters, which a terminal might execute. */
    static String printable(final String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }

    private String bold(final String text) {
        return colour ? "\u001b[1m" + text + "\u001b[0m" : text;
    }
}
