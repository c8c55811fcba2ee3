package dev.ninepin.cli;

import dev.ninepin.daemon.doctor.DeviceList;
import dev.ninepin.daemon.doctor.DeviceList.Device;
import dev.ninepin.daemon.doctor.DeviceList.Driver;
import dev.ninepin.virtio.driver.DeviceUse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The text form of the device list: a table, followed by notes about individual devices. */
final class DevicesText {
    private static final String NOTHING = "-";

    private DevicesText() {}

    static String render(final DeviceList list) {
        final List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("ADDRESS", "TAG", "HELD BY", "DRIVERS"));
        for (final Device device : list.devices()) {
            rows.add(List.of(
                    device.address(),
                    StatusText.printable(Optional.ofNullable(device.tag()).orElse("?")),
                    Optional.ofNullable(device.heldBy()).orElse(NOTHING),
                    usable(device)));
        }
        final StringBuilder text = new StringBuilder();
        for (final List<String> row : rows) {
            final StringBuilder line = new StringBuilder();
            for (int column = 0; column < row.size(); column++) {
                final int c = column;
                final int width = rows.stream()
                        .mapToInt(each -> each.get(c).length())
                        .max()
                        .orElse(0);
                line.append(row.get(column))
                        .append(" ".repeat(width - row.get(column).length() + 2));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        list.devices().forEach(device -> notes(text, device));
        return text.toString();
    }

    private static String usable(final Device device) {
        final String names = device.drivers().stream()
                .filter(Driver::usable)
                .map(Driver::name)
                .collect(Collectors.joining(", "));
        return names.isEmpty() ? NOTHING : names;
    }

    private static void notes(final StringBuilder text, final Device device) {
        final List<String> notes = new ArrayList<>();
        Optional.ofNullable(device.tagProblem()).ifPresent(problem -> notes.add("tag: " + problem));
        if (device.use() != null) {
            if (!DeviceUse.NINEPIN.equals(device.heldBy())) {
                notes.add(device.use());
            }
        } else if (device.virtioDriver() != null) {
            notes.add("bound to the kernel driver " + device.virtioDriver()
                    + " but not mounted: ninepin mount can use it");
        }
        for (final Driver driver : device.drivers()) {
            Optional.ofNullable(driver.reason()).ifPresent(reason -> notes.add(driver.name() + ": " + reason));
        }
        notes.forEach(note -> text.append(device.address())
                .append(": ")
                .append(StatusText.printable(note))
                .append('\n'));
    }
}
